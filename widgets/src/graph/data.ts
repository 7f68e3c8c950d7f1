/** A pipeline as `Pipeline.describe()` writes it; fields that older descriptions lack are optional. */

import type { Guard } from '../guard';
import {
  isFlag,
  isNumber,
  isRecord,
  isText,
  listOf,
  nullable,
  oneOf,
  optional,
  shape
} from '../guard';

export interface IGraphColumn {
  readonly name: string;
  readonly dtype?: string | null;
  /** Raw columns that it comes from. */
  readonly origins?: readonly string[] | null;
  /** The columns that it was made of, in the steps just before. */
  readonly from?: readonly { readonly node: string; readonly column: string }[] | null;
}

export type Role = 'source' | 'step' | 'predictor' | 'target' | 'output';

export interface IGraphNode {
  readonly id: string;
  readonly name: string;
  readonly kind: string;
  readonly title: string;
  /** A `target` prepares what is learned, in training only; an `output` is given beside the prediction. */
  readonly role: Role;
  readonly params: Readonly<Record<string, unknown>>;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly columns_in: number | null;
  readonly columns_out: number | null;
  readonly origins?: readonly string[] | null;
  /** Names of the sub-pipelines that it is inside, outermost first. */
  readonly path?: readonly string[] | null;
  readonly rows?: number | null;
  readonly timing?: { readonly fit_s?: number | null; readonly apply_s?: number | null } | null;
  readonly learned?: readonly { readonly name: string; readonly text: string }[] | null;
  readonly columns?: readonly IGraphColumn[] | null;
}

export interface IGraphEdge {
  readonly from: string;
  readonly to: string;
  readonly count?: number | null;
  readonly columns?: readonly string[] | null;
}

export interface IImportance {
  readonly column: string;
  readonly value: number;
  readonly std?: number | null;
}

export interface IPipelineGraph {
  readonly fitted?: boolean | null;
  readonly nodes: readonly IGraphNode[];
  readonly edges: readonly IGraphEdge[];
  readonly importance?: readonly IImportance[] | null;
}

const isColumn = shape<IGraphColumn>({
  name: isText,
  dtype: optional(isText),
  origins: optional(listOf(isText)),
  from: optional(listOf(shape<{ node: string; column: string }>({ node: isText, column: isText })))
});

const isNode: Guard<IGraphNode> = shape<IGraphNode>({
  id: isText,
  name: isText,
  kind: isText,
  title: isText,
  role: oneOf('source', 'step', 'predictor', 'target', 'output'),
  params: isRecord,
  inputs: listOf(isText),
  outputs: listOf(isText),
  columns_in: nullable(isNumber),
  columns_out: nullable(isNumber),
  origins: optional(listOf(isText)),
  path: optional(listOf(isText)),
  rows: optional(isNumber),
  timing: optional(
    shape<{ fit_s?: number | null; apply_s?: number | null }>({
      fit_s: optional(isNumber),
      apply_s: optional(isNumber)
    })
  ),
  learned: optional(listOf(shape<{ name: string; text: string }>({ name: isText, text: isText }))),
  columns: optional(listOf(isColumn))
});

const isShape = shape<IPipelineGraph>({
  fitted: optional(isFlag),
  nodes: listOf(isNode),
  edges: listOf(
    shape<IGraphEdge>({
      from: isText,
      to: isText,
      count: optional(isNumber),
      columns: optional(listOf(isText))
    })
  ),
  importance: optional(
    listOf(shape<IImportance>({ column: isText, value: isNumber, std: optional(isNumber) }))
  )
});

/** Tells whether a picture can be drawn from it: what it needs is there, and each edge joins two nodes. */
export function isPipelineGraph(value: unknown): value is IPipelineGraph {
  if (!isShape(value)) {
    return false;
  }
  const ids = new Set(value.nodes.map(node => node.id));
  return (
    ids.size === value.nodes.length &&
    value.edges.every(({ from, to }) => ids.has(from) && ids.has(to))
  );
}
