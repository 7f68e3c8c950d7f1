/**
 * One level of a picture: boxes in layers from left to right, lines between them.
 *
 * A line that passes a layer gets a lane of its own there, so that it never runs through a box. Boxes are ordered by
 * the means of their neighbours, and then moved as near to those as their order allows.
 */

export interface IPoint {
  readonly x: number;
  readonly y: number;
}

export interface IBox {
  readonly key: string;
  readonly width: number;
  readonly height: number;
}

/** From one box to another; `null` is the left or right border of the level. */
export interface ILine {
  readonly key: string;
  readonly from: string | null;
  readonly to: string | null;
}

/** How far below the top of a box a line leaves or enters it. */
export type Anchor = (box: IBox, line: string, side: 'in' | 'out') => number;

export interface ILevel {
  readonly width: number;
  readonly height: number;
  /** Left upper corners. */
  readonly corners: ReadonlyMap<string, IPoint>;
  /** The points that a line goes through; it is level at each of them. */
  readonly routes: ReadonlyMap<string, readonly IPoint[]>;
}

export const GAP = { x: 44, y: 18 } as const;
const LANE = 14;
const SWEEPS = 6;

interface ISlot {
  readonly key: string;
  readonly box: IBox | null;
  readonly height: number;
  readonly layer: number;
  /** Lines in and out: the slot at the other end, and how far apart the two tops want to be. */
  readonly before: ILink[];
  readonly after: ILink[];
  y: number;
}

interface ILink {
  readonly slot: ISlot;
  readonly shift: number;
}

/** Lay out one level; boxes come in the order in which they run. */
export function layLevel(boxes: readonly IBox[], lines: readonly ILine[], anchor: Anchor): ILevel {
  const layerOf = layersOf(boxes, lines);
  const count = 1 + Math.max(0, ...layerOf.values());
  const layers: ISlot[][] = Array.from({ length: count }, () => []);
  const slots = new Map<string, ISlot>();
  const open = (key: string, layer: number, box: IBox | null): ISlot => {
    const height = box?.height ?? LANE;
    const slot: ISlot = { key, box, height, layer, before: [], after: [], y: 0 };
    slots.set(key, slot);
    layers[layer]?.push(slot);
    return slot;
  };
  for (const box of boxes) {
    open(box.key, layerOf.get(box.key) ?? 0, box);
  }
  const chains = new Map<string, ISlot[]>();
  for (const line of lines) {
    const first = line.from === null ? -1 : (layerOf.get(line.from) ?? 0);
    const last = line.to === null ? count : (layerOf.get(line.to) ?? 0);
    const start = line.from === null ? undefined : slots.get(line.from);
    const end = line.to === null ? undefined : slots.get(line.to);
    const passing = Array.from({ length: Math.max(0, last - first - 1) }, (_, index) =>
      open(`${line.key}@${first + 1 + index}`, first + 1 + index, null)
    );
    const chain = [start, ...passing, end].filter(slot => slot !== undefined);
    chains.set(line.key, chain);
    chain.slice(1).forEach((slot, index) => {
      const left = chain[index];
      if (left !== undefined && left.layer < slot.layer) {
        const shift = exit(left, line.key, anchor) - entry(slot, line.key, anchor);
        left.after.push({ slot, shift });
        slot.before.push({ slot: left, shift });
      }
    });
  }
  order(layers);
  const height = place(layers);
  return drawn(layers, lines, chains, anchor, height);
}

function entry(slot: ISlot, line: string, anchor: Anchor): number {
  return slot.box === null ? slot.height / 2 : anchor(slot.box, line, 'in');
}

function exit(slot: ISlot, line: string, anchor: Anchor): number {
  return slot.box === null ? slot.height / 2 : anchor(slot.box, line, 'out');
}

/** One layer right of the last box that it reads; where boxes wait for each other, the first may go ahead. */
function layersOf(boxes: readonly IBox[], lines: readonly ILine[]): Map<string, number> {
  const waiting = new Map(boxes.map(box => [box.key, new Set<string>()]));
  for (const { from, to } of lines) {
    if (from !== null && to !== null && from !== to) {
      waiting.get(to)?.add(from);
    }
  }
  const layer = new Map<string, number>();
  while (waiting.size > 0) {
    const ready = [...waiting].find(([, sources]) => [...sources].every(key => layer.has(key)));
    const [key, sources] = ready ?? [...waiting][0] ?? ['', new Set<string>()];
    layer.set(key, 1 + Math.max(-1, ...[...sources].map(source => layer.get(source) ?? -1)));
    waiting.delete(key);
  }
  return layer;
}

/** Sort each layer by the mean places of its neighbours, there and back, and keep what crosses least. */
function order(layers: ISlot[][]): void {
  let best = layers.map(layer => [...layer]);
  let fewest = crossings(layers);
  for (let sweep = 0; sweep < SWEEPS && fewest > 0; sweep += 1) {
    const forward = sweep % 2 === 0;
    const indices = layers.map((_, index) => index);
    for (const index of forward ? indices : indices.reverse()) {
      const layer = layers[index] ?? [];
      const beside = layers[forward ? index - 1 : index + 1] ?? [];
      const place = new Map(beside.map((slot, at) => [slot, at]));
      const wish = new Map(
        layer.map((slot, at) => {
          const links = forward ? slot.before : slot.after;
          const sum = links.reduce((total, link) => total + (place.get(link.slot) ?? 0), 0);
          return [slot, links.length > 0 ? sum / links.length : at];
        })
      );
      layer.sort((a, b) => (wish.get(a) ?? 0) - (wish.get(b) ?? 0));
    }
    const crossing = crossings(layers);
    if (crossing < fewest) {
      fewest = crossing;
      best = layers.map(layer => [...layer]);
    }
  }
  best.forEach((layer, index) => (layers[index] = layer));
}

function crossings(layers: readonly (readonly ISlot[])[]): number {
  let count = 0;
  for (const [index, layer] of layers.entries()) {
    const place = new Map((layers[index + 1] ?? []).map((slot, at) => [slot, at]));
    const ends = layer.map(slot => slot.after.map(link => place.get(link.slot) ?? 0));
    for (const [upper, above] of ends.entries()) {
      for (const below of ends.slice(upper + 1)) {
        for (const a of above) {
          count += below.filter(b => b < a).length;
        }
      }
    }
  }
  return count;
}

/** Set the heights: each as near to its neighbours as order and gaps allow. Returns the height of the whole. */
function place(layers: readonly (readonly ISlot[])[]): number {
  for (const layer of layers) {
    settle(layer, slot => slot.y);
  }
  for (let sweep = 0; sweep < SWEEPS; sweep += 1) {
    const forward = sweep % 2 === 0;
    for (const layer of forward ? layers : [...layers].reverse()) {
      settle(layer, slot => {
        const links = forward ? slot.before : slot.after;
        const wished = links.map(link => link.slot.y + (forward ? link.shift : -link.shift));
        return links.length === 0
          ? slot.y
          : wished.reduce((sum, each) => sum + each, 0) / wished.length;
      });
    }
  }
  const all = layers.flat();
  const top = Math.min(...all.map(slot => slot.y));
  for (const slot of all) {
    slot.y -= top;
  }
  return Math.max(0, ...all.map(slot => slot.y + slot.height));
}

/** Least squares under "each below the one above": the means of blocks that want to overlap. */
function settle(layer: readonly ISlot[], wish: (slot: ISlot) => number): void {
  const blocks: { sum: number; slots: ISlot[] }[] = [];
  const offsets = new Map<ISlot, number>();
  let offset = 0;
  for (const [index, slot] of layer.entries()) {
    const above = layer[index - 1];
    if (above !== undefined) {
      offset += above.height + (above.box === null && slot.box === null ? 4 : GAP.y);
    }
    offsets.set(slot, offset);
    let block = { sum: wish(slot) - offset, slots: [slot] };
    let last = blocks.at(-1);
    while (last !== undefined && last.sum / last.slots.length > block.sum / block.slots.length) {
      block = { sum: last.sum + block.sum, slots: [...last.slots, ...block.slots] };
      blocks.pop();
      last = blocks.at(-1);
    }
    blocks.push(block);
  }
  for (const { sum, slots } of blocks) {
    for (const slot of slots) {
      slot.y = sum / slots.length + (offsets.get(slot) ?? 0);
    }
  }
}

function drawn(
  layers: readonly (readonly ISlot[])[],
  lines: readonly ILine[],
  chains: ReadonlyMap<string, readonly ISlot[]>,
  anchor: Anchor,
  height: number
): ILevel {
  const lefts: number[] = [];
  const rights: number[] = [];
  let x = 0;
  for (const layer of layers) {
    lefts.push(x);
    x += Math.max(0, ...layer.map(slot => slot.box?.width ?? 0));
    rights.push(x);
    x += GAP.x;
  }
  const width = Math.max(0, x - GAP.x);
  const corners = new Map<string, IPoint>();
  for (const slot of layers.flat()) {
    if (slot.box !== null) {
      corners.set(slot.key, { x: lefts[slot.layer] ?? 0, y: slot.y });
    }
  }
  const routes = new Map<string, IPoint[]>();
  for (const line of lines) {
    const chain = chains.get(line.key) ?? [];
    const points = chain.flatMap((slot, index): IPoint[] => {
      const left = lefts[slot.layer] ?? 0;
      const right = rights[slot.layer] ?? 0;
      if (slot.box !== null && index === chain.length - 1 && line.to === slot.key) {
        const y = slot.y + entry(slot, line.key, anchor);
        return [{ x: left, y }];
      }
      const y = slot.y + exit(slot, line.key, anchor);
      return [
        { x: slot.box === null ? left : left + slot.box.width, y },
        { x: right, y }
      ];
    });
    const first = points[0];
    const last = points.at(-1);
    if (line.from === null && first !== undefined) {
      points.unshift({ x: 0, y: first.y });
    }
    if (line.to === null && last !== undefined) {
      points.push({ x: width, y: last.y });
    }
    routes.set(line.key, points);
  }
  return { width, height, corners, routes };
}
