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

export interface IGraphLayout {
  readonly placed: ReadonlyMap<string, IPlacedNode>;
  readonly width: number;
  readonly height: number;
}

/** Put each step one column after the last step that it reads from, and centre the columns. */
export function layOut(graph: IPipelineGraph): IGraphLayout {
  const columns = columnsOf(graph);
  const tallest = Math.max(1, ...columns.map(column => column.length));
  const height = extent(tallest, NODE.height, NODE.gapY);
  const placed = new Map<string, IPlacedNode>();
  columns.forEach((column, index) => {
    const top = (height - extent(column.length, NODE.height, NODE.gapY)) / 2;
    column.forEach((node, row) => {
      placed.set(node.id, {
        node,
        x: NODE.margin + index * (NODE.width + NODE.gapX),
        y: NODE.margin + top + row * (NODE.height + NODE.gapY)
      });
    });
  });
  return {
    placed,
    width: extent(columns.length, NODE.width, NODE.gapX) + 2 * NODE.margin,
    height: height + 2 * NODE.margin
  };
}

function extent(count: number, size: number, gap: number): number {
  return Math.max(0, count * size + (count - 1) * gap);
}

function columnsOf({ nodes, edges }: IPipelineGraph): IGraphNode[][] {
  const depth = new Map<string, number>();
  const columns: IGraphNode[][] = [];
  // The description lists nodes in the order in which they run, so what a node reads is placed before it.
  for (const node of nodes) {
    const before = edges
      .filter(edge => edge.to === node.id)
      .map(edge => depth.get(edge.from) ?? -1);
    const own = Math.max(-1, ...before) + 1;
    depth.set(node.id, own);
    (columns[own] ??= []).push(node);
  }
  return columns;
}
