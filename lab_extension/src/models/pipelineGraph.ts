import type { Guard } from '../api/guard';
import { isNumber, isRecord, isText, listOf, nullable, oneOf, shape } from '../api/guard';
import type { JsonRecord } from '../api/types';

/** A step of a pipeline, or the columns it begins with, as `Pipeline.describe()` writes it. */
export interface IGraphNode {
  id: string;
  name: string;
  kind: string;
  title: string;
  role: 'source' | 'step' | 'predictor';
  params: JsonRecord;
  inputs: string[];
  outputs: string[];
  columns_in: number | null;
  columns_out: number | null;
}

export interface IGraphEdge {
  from: string;
  to: string;
  count: number | null;
}

export interface IPipelineGraph {
  nodes: IGraphNode[];
  edges: IGraphEdge[];
}

const isNode: Guard<IGraphNode> = shape<IGraphNode>({
  id: isText,
  name: isText,
  kind: isText,
  title: isText,
  role: oneOf('source', 'step', 'predictor'),
  params: isRecord,
  inputs: listOf(isText),
  outputs: listOf(isText),
  columns_in: nullable(isNumber),
  columns_out: nullable(isNumber)
});

export const isPipelineGraph: Guard<IPipelineGraph> = shape<IPipelineGraph>({
  nodes: listOf(isNode),
  edges: listOf(shape<IGraphEdge>({ from: isText, to: isText, count: nullable(isNumber) }))
});

/** Pixels. */
export const NODE = { width: 176, height: 58, gapX: 64, gapY: 22, margin: 16 } as const;

export interface IPlacedNode {
  readonly node: IGraphNode;
  /** Upper left corner, pixels. */
  readonly x: number;
  readonly y: number;
}

export interface IPlacedEdge {
  readonly edge: IGraphEdge;
  /** The stretches of the line, each from the right of one column to the left of the next. */
  readonly stretches: readonly IStretch[];
}

export interface IStretch {
  readonly x1: number;
  readonly y1: number;
  readonly x2: number;
  readonly y2: number;
}

export interface IGraphLayout {
  readonly placed: ReadonlyMap<string, IPlacedNode>;
  readonly edges: readonly IPlacedEdge[];
  readonly width: number;
  readonly height: number;
}

/** A place in a column: a step, or a line on its way past (`node` null). */
interface ISlot {
  readonly key: string;
  readonly node: IGraphNode | null;
  /** Keys of the slots in the column before that lead here. */
  readonly from: string[];
}

/**
 * Put each step one column after the last step that it reads from, near the lanes of what it reads.
 *
 * A line that skips a column gets a lane of its own there, so that it never runs through a step.
 */
export function layOut(graph: IPipelineGraph): IGraphLayout {
  const depth = depthsOf(graph);
  const columns = slotsOf(graph, depth);
  const lanes = lanesOf(columns);
  const x = (column: number): number => NODE.margin + column * (NODE.width + NODE.gapX);
  const y = (lane: number): number => NODE.margin + lane * (NODE.height + NODE.gapY);
  const placed = new Map<string, IPlacedNode>();
  for (const node of graph.nodes) {
    placed.set(node.id, {
      node,
      x: x(depth.get(node.id) ?? 0),
      y: y(lanes.get(node.id) ?? 0)
    });
  }
  const middle = (key: string): number => y(lanes.get(key) ?? 0) + NODE.height / 2;
  const edges = graph.edges.map(edge => {
    const start = depth.get(edge.from) ?? 0;
    const keys = pathOf(edge, depth);
    const stretches = keys.slice(1).map((key, index) => ({
      x1: x(start + index) + NODE.width,
      y1: middle(keys[index] ?? edge.from),
      x2: x(start + index + 1),
      y2: middle(key)
    }));
    return { edge, stretches };
  });
  const tallest = Math.max(0, ...lanes.values());
  return {
    placed,
    edges,
    width: x(columns.length - 1) + NODE.width + NODE.margin,
    height: y(tallest) + NODE.height + NODE.margin
  };
}

function depthsOf({ nodes, edges }: IPipelineGraph): ReadonlyMap<string, number> {
  const depth = new Map<string, number>();
  // The description lists nodes in the order in which they run, so what a node reads comes before it.
  for (const node of nodes) {
    const before = edges.filter(edge => edge.to === node.id);
    depth.set(node.id, Math.max(-1, ...before.map(edge => depth.get(edge.from) ?? -1)) + 1);
  }
  return depth;
}

/** The slots that an edge leads through, its two steps included. */
function pathOf(edge: IGraphEdge, depth: ReadonlyMap<string, number>): string[] {
  const first = (depth.get(edge.from) ?? 0) + 1;
  const count = Math.max(0, (depth.get(edge.to) ?? first) - first);
  const passing = Array.from({ length: count }, (_, i) => `${edge.from}>${edge.to}@${first + i}`);
  return [edge.from, ...passing, edge.to];
}

function slotsOf(graph: IPipelineGraph, depth: ReadonlyMap<string, number>): ISlot[][] {
  const columns: ISlot[][] = [];
  const slots = new Map<string, ISlot>();
  const open = (column: number, key: string, node: IGraphNode | null): void => {
    const slot = { key, node, from: [] };
    slots.set(key, slot);
    (columns[column] ??= []).push(slot);
  };
  for (const node of graph.nodes) {
    open(depth.get(node.id) ?? 0, node.id, node);
  }
  for (const edge of graph.edges) {
    const keys = pathOf(edge, depth);
    keys.slice(1).forEach((key, index) => {
      if (!slots.has(key)) {
        open((depth.get(edge.from) ?? 0) + index + 1, key, null);
      }
      slots.get(key)?.from.push(keys[index] ?? edge.from);
    });
  }
  return columns;
}

/** A lane for each slot: the mean of those that lead to it, and at least one below its neighbour. */
function lanesOf(columns: readonly ISlot[][]): ReadonlyMap<string, number> {
  const lanes = new Map<string, number>();
  for (const column of columns) {
    const wished = column.map((slot, index) => {
      const before = slot.from.map(key => lanes.get(key) ?? 0);
      const mean = before.reduce((sum, lane) => sum + lane, 0) / before.length;
      return { slot, lane: before.length > 0 ? mean : index };
    });
    wished.sort((a, b) => a.lane - b.lane);
    let free = 0;
    for (const { slot, lane } of wished) {
      const own = Math.max(lane, free);
      lanes.set(slot.key, own);
      free = own + 1;
    }
  }
  return lanes;
}
