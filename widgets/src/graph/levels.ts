/** Which boxes a reader sees: steps, and sub-pipelines that are closed or open. */

import type { IGraphEdge, IGraphNode, IPipelineGraph } from './data';

/** The key of a sub-pipeline; no id of a node holds this character. */
const MARK = '\u0000';

/** A step, or a closed sub-pipeline that stands for its steps. */
export interface ILeaf {
  readonly key: string;
  /** The step, or null for a closed sub-pipeline. */
  readonly node: IGraphNode | null;
  /** The steps that it stands for; itself for a step. */
  readonly members: readonly IGraphNode[];
  readonly name: string;
}

/** A sub-pipeline that is open; the root of the whole has the key ''. */
export interface IGroup {
  readonly key: string;
  readonly name: string;
  readonly items: (ILeaf | IGroup)[];
}

export interface IVisible {
  readonly root: IGroup;
  readonly leaves: ReadonlyMap<string, ILeaf>;
  /** Edges between leaves; those within a closed sub-pipeline are gone, parallel ones are one. */
  readonly edges: readonly IVisibleEdge[];
  /** The leaf that shows a node. */
  readonly leafOf: ReadonlyMap<string, string>;
}

export interface IVisibleEdge {
  readonly key: string;
  readonly from: string;
  readonly to: string;
  /** Columns that flow along it, when all are known. */
  readonly count: number | null;
}

export function isGroup(item: ILeaf | IGroup): item is IGroup {
  return 'items' in item;
}

/** The keys of the sub-pipelines round a node, outermost first. */
export function groupKeys(node: IGraphNode): string[] {
  const path = node.path ?? [];
  return path.map((_, depth) => MARK + path.slice(0, depth + 1).join(MARK));
}

/** The keys of all sub-pipelines, in the order in which they first appear. */
export function allGroups(graph: IPipelineGraph): string[] {
  return [...new Set(graph.nodes.flatMap(groupKeys))];
}

function nameOf(key: string): string {
  return key.slice(key.lastIndexOf(MARK) + 1);
}

/** What is to be drawn when these sub-pipelines are closed. */
export function visibleOf(graph: IPipelineGraph, closed: ReadonlySet<string>): IVisible {
  const root: IGroup = { key: '', name: '', items: [] };
  const groups = new Map<string, IGroup>([['', root]]);
  const leaves = new Map<string, ILeaf & { members: IGraphNode[] }>();
  const leafOf = new Map<string, string>();
  for (const node of graph.nodes) {
    let parent = root;
    let key = node.id;
    for (const group of groupKeys(node)) {
      if (closed.has(group)) {
        key = group;
        break;
      }
      let next = groups.get(group);
      if (next === undefined) {
        next = { key: group, name: nameOf(group), items: [] };
        groups.set(group, next);
        parent.items.push(next);
      }
      parent = next;
    }
    let leaf = leaves.get(key);
    if (leaf === undefined) {
      const single = key === node.id;
      leaf = {
        key,
        node: single ? node : null,
        members: [],
        name: single ? node.name : nameOf(key)
      };
      leaves.set(key, leaf);
      parent.items.push(leaf);
    }
    leaf.members.push(node);
    leafOf.set(node.id, key);
  }
  return { root, leaves, leafOf, edges: edgesOf(graph.edges, leafOf) };
}

function edgesOf(
  edges: readonly IGraphEdge[],
  leafOf: ReadonlyMap<string, string>
): readonly IVisibleEdge[] {
  const found = new Map<string, IVisibleEdge>();
  const counted = new Set<string>();
  for (const edge of edges) {
    const from = leafOf.get(edge.from) ?? edge.from;
    const to = leafOf.get(edge.to) ?? edge.to;
    if (from === to) {
      continue;
    }
    const key = edgeKey(from, to);
    const before = found.get(key);
    const count = edge.count ?? null;
    // The same columns may be read by several steps of a closed sub-pipeline: they flow in once.
    const again = counted.has(edgeKey(edge.from, to));
    counted.add(edgeKey(edge.from, to));
    const sum = again ? 0 : count;
    found.set(key, {
      key,
      from,
      to,
      count:
        before === undefined
          ? count
          : before.count === null || sum === null
            ? null
            : before.count + sum
    });
  }
  return [...found.values()];
}

export function edgeKey(from: string, to: string): string {
  return `${from}${MARK}${MARK}${to}`;
}
