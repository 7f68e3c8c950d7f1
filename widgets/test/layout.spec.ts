import type { IPipelineGraph } from '../src/graph/data';
import { isPipelineGraph } from '../src/graph/data';
import { layLevel } from '../src/graph/layers';
import { layOut, NODE, pathOf } from '../src/graph/layout';
import { allGroups, visibleOf } from '../src/graph/levels';
import { GRAPH, node } from './graphs';

function layoutOf(
  graph: IPipelineGraph,
  closed: readonly string[] = []
): ReturnType<typeof layOut> {
  return layOut(visibleOf(graph, new Set(closed)));
}

/** Chains of random length that join and part: deterministic, so that a failure can be looked at. */
function tangle(seed: number): IPipelineGraph {
  let state = seed;
  const next = (below: number): number => {
    state = (state * 1103515245 + 12345) % 2147483648;
    return Math.floor((state / 2147483648) * below);
  };
  const names = Array.from({ length: 12 }, (_, index) => `n${index}`);
  const paths = [[], ['g'], ['g', 'h'], ['k']];
  return {
    nodes: names.map(name => node(name, { path: paths[next(4)] ?? [] })),
    edges: names.slice(1).flatMap((name, index) => {
      const sources = new Set([next(index + 1), next(index + 1)]);
      return [...sources].map(from => ({ from: `n${from}`, to: name, count: 1 }));
    })
  };
}

describe('the layout', () => {
  it.each(Array.from({ length: 40 }, (_, seed) => seed + 1))(
    'lets no two boxes overlap, and lines run through none (%d)',
    seed => {
      const graph = tangle(seed);
      const { leaves, frames, edges } = layoutOf(graph);
      const boxes = [...leaves.values()];
      for (const [index, one] of boxes.entries()) {
        for (const other of boxes.slice(0, index)) {
          const apart =
            Math.abs(one.x - other.x) >= NODE.width || Math.abs(one.y - other.y) >= NODE.height;
          expect(apart).toBe(true);
        }
      }
      for (const { group, x, y, width, height } of frames) {
        const inside: string[] = JSON.stringify(group).match(/"key":"n\d+"/g) ?? [];
        for (const box of boxes) {
          const within =
            box.x >= x &&
            box.y >= y &&
            box.x + NODE.width <= x + width &&
            box.y + NODE.height <= y + height;
          const apart =
            box.x >= x + width ||
            box.x + NODE.width <= x ||
            box.y >= y + height ||
            box.y + NODE.height <= y;
          expect(inside.includes(`"key":"${box.leaf.key}"`) ? within : apart).toBe(true);
        }
      }
      for (const { edge, points } of edges) {
        const [from, to] = [leaves.get(edge.from), leaves.get(edge.to)];
        expect(points[0]?.x).toBeCloseTo((from?.x ?? 0) + NODE.width);
        expect(points[0]?.y).toBeCloseTo((from?.y ?? 0) + NODE.height / 2);
        expect(points.at(-1)?.y).toBeCloseTo((to?.y ?? 0) + NODE.height / 2);
        // Where sub-pipelines wait for each other, one line has to lead back.
        if ((to?.x ?? 0) < (from?.x ?? 0) + NODE.width) {
          continue;
        }
        for (const point of points.slice(1, -1)) {
          const hit = boxes.filter(
            box =>
              box.leaf.key !== edge.from &&
              box.leaf.key !== edge.to &&
              point.x > box.x &&
              point.x < box.x + NODE.width &&
              Math.abs(point.y - box.y - NODE.height / 2) < NODE.height / 2
          );
          expect(hit).toEqual([]);
        }
      }
    }
  );

  it('puts a step after all that it reads from', () => {
    const { leaves } = layoutOf(GRAPH);
    for (const { from, to } of GRAPH.edges) {
      expect(leaves.get(to)?.x).toBeGreaterThan((leaves.get(from)?.x ?? 0) + NODE.width);
    }
  });

  it('lays out boxes that wait for each other', () => {
    const box = (key: string): { key: string; width: number; height: number } => ({
      key,
      width: 10,
      height: 10
    });
    const lines = [
      { key: 'there', from: 'a', to: 'b' },
      { key: 'back', from: 'b', to: 'a' }
    ];
    const { corners } = layLevel([box('a'), box('b')], lines, () => 5);
    expect(corners.get('b')?.x).toBeGreaterThan(corners.get('a')?.x ?? 0);
  });

  it('draws nothing of nothing', () => {
    expect(layoutOf({ nodes: [], edges: [] }).leaves.size).toBe(0);
    expect(pathOf([])).toBe('');
  });
});

describe('sub-pipelines', () => {
  const [prep, deep] = allGroups(GRAPH) as [string, string];

  it('are known by their path', () => {
    expect(allGroups(GRAPH)).toHaveLength(2);
    expect(visibleOf(GRAPH, new Set()).root.items.map(item => item.name)).toEqual([
      'raw',
      'prep',
      'model'
    ]);
  });

  it('stand for their steps when they are closed', () => {
    const visible = visibleOf(GRAPH, new Set([prep]));
    expect([...visible.leaves.values()].map(leaf => leaf.name)).toEqual(['raw', 'prep', 'model']);
    expect(visible.leafOf.get('b')).toBe(prep);
    expect(visible.edges.map(({ from, to, count }) => [from, to, count])).toEqual([
      ['raw', prep, 1],
      [prep, 'model', 2]
    ]);
  });

  it('can be closed inside an open one', () => {
    const visible = visibleOf(GRAPH, new Set([deep]));
    expect(visible.leafOf.get('b')).toBe(deep);
    expect(visible.leafOf.get('a')).toBe('a');
  });
});

describe('the guard', () => {
  it('takes what older versions wrote', () => {
    const old = { nodes: [node('x')], edges: [] };
    expect(isPipelineGraph(old)).toBe(true);
    expect(isPipelineGraph(JSON.parse(JSON.stringify(GRAPH)))).toBe(true);
  });

  it.each([
    [null],
    [{ nodes: [] }],
    [{ nodes: [node('x'), node('x')], edges: [] }],
    [{ nodes: [node('x')], edges: [{ from: 'x', to: 'y', count: null }] }],
    [{ nodes: [{ ...node('x'), path: [1] }], edges: [] }],
    [{ nodes: [{ ...node('x'), columns: [{ from: 3 }] }], edges: [] }]
  ])('refuses what is no graph', value => {
    expect(isPipelineGraph(value)).toBe(false);
  });
});
