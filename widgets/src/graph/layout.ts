/** Where everything goes: each open sub-pipeline is laid out on its own and is then one box of what is round it. */

import type { IBox, ILevel, ILine, IPoint } from './layers';
import { layLevel } from './layers';
import type { IGroup, ILeaf, IVisible, IVisibleEdge } from './levels';
import { isGroup } from './levels';

export const NODE = { width: 186, height: 62 } as const;
const FRAME = { side: 16, top: 34, bottom: 14 } as const;
const MARGIN = 12;

export interface IPlacedLeaf extends IPoint {
  readonly leaf: ILeaf;
}

export interface IPlacedFrame extends IPoint {
  readonly group: IGroup;
  readonly width: number;
  readonly height: number;
}

export interface IPlacedEdge {
  readonly edge: IVisibleEdge;
  readonly points: readonly IPoint[];
}

/** Pixels at a zoom of one. */
export interface IGraphLayout {
  readonly leaves: ReadonlyMap<string, IPlacedLeaf>;
  /** Outer frames first. */
  readonly frames: readonly IPlacedFrame[];
  readonly edges: readonly IPlacedEdge[];
  readonly width: number;
  readonly height: number;
}

interface IPart {
  readonly group: IGroup;
  readonly level: ILevel;
  readonly inner: ReadonlyMap<string, IPart>;
  readonly lines: readonly ILine[];
}

/** Place all that is visible. */
export function layOut({ root, edges }: IVisible): IGraphLayout {
  const whole = partOf(root, edges);
  const leaves = new Map<string, IPlacedLeaf>();
  const frames: IPlacedFrame[] = [];
  const points = new Map<string, IPoint[]>();
  put(whole, { x: MARGIN, y: MARGIN }, leaves, frames, points);
  const placed = edges.map(edge => ({ edge, points: points.get(edge.key) ?? [] }));
  return {
    leaves,
    frames,
    edges: placed,
    width: whole.level.width + 2 * MARGIN,
    height: whole.level.height + 2 * MARGIN
  };
}

function keysWithin(item: ILeaf | IGroup): string[] {
  return isGroup(item) ? item.items.flatMap(keysWithin) : [item.key];
}

function partOf(group: IGroup, edges: readonly IVisibleEdge[]): IPart {
  const itemOf = new Map<string, string>();
  const inner = new Map<string, IPart>();
  for (const item of group.items) {
    for (const key of keysWithin(item)) {
      itemOf.set(key, item.key);
    }
    if (isGroup(item)) {
      inner.set(item.key, partOf(item, edges));
    }
  }
  const lines = edges
    .map(({ key, from, to }) => ({
      key,
      from: itemOf.get(from) ?? null,
      to: itemOf.get(to) ?? null
    }))
    .filter(({ from, to }) => from !== to);
  const boxes = group.items.map(item => ({ key: item.key, ...sizeOf(inner.get(item.key)) }));
  const level = layLevel(boxes, lines, (box, line, side) => heightAt(box, inner, line, side));
  return { group, level, inner, lines };
}

function sizeOf(part: IPart | undefined): { width: number; height: number } {
  return part === undefined
    ? NODE
    : {
        width: part.level.width + 2 * FRAME.side,
        height: part.level.height + FRAME.top + FRAME.bottom
      };
}

/** A line meets a frame at the height where it goes on inside. */
function heightAt(
  box: IBox,
  inner: ReadonlyMap<string, IPart>,
  line: string,
  side: 'in' | 'out'
): number {
  const route = inner.get(box.key)?.level.routes.get(line);
  const point = side === 'in' ? route?.[0] : route?.at(-1);
  return point === undefined ? box.height / 2 : point.y + FRAME.top;
}

function put(
  part: IPart,
  origin: IPoint,
  leaves: Map<string, IPlacedLeaf>,
  frames: IPlacedFrame[],
  points: Map<string, IPoint[]>
): void {
  for (const item of part.group.items) {
    const corner = part.level.corners.get(item.key) ?? { x: 0, y: 0 };
    const x = origin.x + corner.x;
    const y = origin.y + corner.y;
    if (!isGroup(item)) {
      leaves.set(item.key, { leaf: item, x, y });
      continue;
    }
    const inner = part.inner.get(item.key);
    frames.push({ group: item, x, y, ...sizeOf(inner) });
    if (inner !== undefined) {
      put(inner, { x: x + FRAME.side, y: y + FRAME.top }, leaves, frames, points);
    }
  }
  // The stretches within the frames that a line leaves come before, those within the frames it enters after.
  for (const { key, from, to } of part.lines) {
    const moved = (part.level.routes.get(key) ?? []).map(point => ({
      x: origin.x + point.x,
      y: origin.y + point.y
    }));
    const left = from === null ? [] : (points.get(`${key}<`) ?? []);
    const entered = to === null ? [] : (points.get(`${key}>`) ?? []);
    const ending = to === null ? '<' : from === null ? '>' : '';
    points.set(key + ending, [...left, ...moved, ...entered]);
  }
}

/** The path of an edge: level at each point, bent between two that differ. */
export function pathOf(points: readonly IPoint[], short = 0): string {
  return points
    .map((point, index) => {
      const before = points[index - 1];
      const x = round(index === points.length - 1 ? point.x - short : point.x);
      const y = round(point.y);
      if (before === undefined) {
        return `M${x} ${y}`;
      }
      if (round(before.y) === y) {
        return `H${x}`;
      }
      const middle = round((before.x + x) / 2);
      return `C${middle} ${round(before.y)} ${middle} ${y} ${x} ${y}`;
    })
    .join('');
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
