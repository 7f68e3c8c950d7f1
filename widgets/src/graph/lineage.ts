/** Where a column comes from, and where a raw column goes. */

import type { IGraphColumn, IGraphNode, IPipelineGraph } from './data';

/** What of a pipeline is lit. */
export interface ILineage {
  /** The lit columns of each lit node; none where they are not known one by one. */
  readonly columns: ReadonlyMap<string, ReadonlySet<string>>;
  /** Pairs of ids. */
  readonly edges: readonly (readonly [string, string])[];
}

class Trail implements ILineage {
  readonly columns = new Map<string, Set<string>>();
  readonly edges: (readonly [string, string])[] = [];

  /** Light a node, or a column of it; false when that was lit before. */
  light(node: string, column: string | null): boolean {
    const names = this.columns.get(node);
    if (names === undefined) {
      this.columns.set(node, new Set(column === null ? [] : [column]));
      return true;
    }
    if (column === null || names.has(column)) {
      return false;
    }
    names.add(column);
    return true;
  }
}

function columnOf(node: IGraphNode | undefined, name: string): IGraphColumn | undefined {
  return node?.columns?.find(column => column.name === name);
}

/** The columns that a column was made of, step by step back to the raw ones. */
export function lineageOf(graph: IPipelineGraph, node: string, column: string): ILineage {
  const nodes = new Map(graph.nodes.map(each => [each.id, each]));
  const trail = new Trail();
  const origins = columnOf(nodes.get(node), column)?.origins;
  follow(node, column);
  if (origins) {
    lightRaw(origins);
  }
  return trail;

  function follow(id: string, name: string | null): void {
    if (!trail.light(id, name)) {
      return;
    }
    const known = name === null ? undefined : columnOf(nodes.get(id), name);
    const made = known?.from ?? [];
    if (made.length > 0) {
      for (const source of made.filter(each => nodes.has(each.node))) {
        trail.edges.push([source.node, id]);
        follow(source.node, source.column);
      }
      return;
    }
    // Descriptions do not list every column of a wide step, and older ones list no ancestors.
    const feeding = graph.edges.filter(edge => edge.to === id);
    const same = feeding.filter(edge => name !== null && edge.columns?.includes(name));
    for (const edge of same.length > 0 ? same : feeding) {
      if (same.length > 0 || mayCarry(edge.from)) {
        trail.edges.push([edge.from, id]);
        follow(edge.from, same.length > 0 ? name : null);
      }
    }
  }

  function mayCarry(id: string): boolean {
    const own = nodes.get(id)?.origins ?? null;
    return !origins || own === null || own.some(raw => origins.includes(raw));
  }

  function lightRaw(raw: readonly string[]): void {
    for (const source of graph.nodes.filter(each => each.role === 'source')) {
      if (trail.columns.has(source.id)) {
        for (const name of source.outputs.filter(each => raw.includes(each))) {
          trail.light(source.id, name);
        }
      }
    }
  }
}

/** All that a raw column has a part in. */
export function descentOf(graph: IPipelineGraph, raw: string): ILineage {
  const trail = new Trail();
  for (const node of graph.nodes) {
    const own = node.role === 'source' ? node.outputs : (node.origins ?? []);
    const named = (node.columns ?? []).filter(column => column.origins?.includes(raw));
    if (own.includes(raw) || named.length > 0) {
      trail.light(node.id, node.role === 'source' ? raw : null);
      for (const column of named) {
        trail.light(node.id, column.name);
      }
    }
  }
  for (const edge of graph.edges) {
    if (trail.columns.has(edge.from) && trail.columns.has(edge.to)) {
      trail.edges.push([edge.from, edge.to]);
    }
  }
  return trail;
}
