/** A pipeline with sub-pipelines and ancestors of columns. */

import type { IGraphNode, IPipelineGraph } from '../src/graph/data';

export function node(id: string, more: Partial<IGraphNode> = {}): IGraphNode {
  return {
    id,
    name: id,
    kind: 'scale',
    title: `title of ${id}`,
    role: 'step',
    params: {},
    inputs: [],
    outputs: [],
    columns_in: null,
    columns_out: null,
    ...more
  };
}

/** raw → a → b → model, raw → c → model; a, b and c are in `prep`, b also in `deep`. */
export const GRAPH: IPipelineGraph = {
  fitted: true,
  nodes: [
    node('raw', {
      role: 'source',
      outputs: ['mass', 'sex'],
      columns_out: 2,
      columns: [
        { name: 'mass', dtype: 'float', origins: ['mass'], from: [] },
        { name: 'sex', dtype: 'text', origins: ['sex'], from: [] }
      ]
    }),
    node('a', {
      path: ['prep'],
      outputs: ['mass'],
      inputs: ['mass'],
      columns_in: 1,
      columns_out: 1,
      columns: [{ name: 'mass', origins: ['mass'], from: [{ node: 'raw', column: 'mass' }] }]
    }),
    node('b', {
      path: ['prep', 'deep'],
      outputs: ['mass scaled'],
      columns_out: 1,
      rows: 1000,
      timing: { fit_s: 0.0123, apply_s: 0.002 },
      learned: [{ name: 'means', text: '[3.1]' }],
      params: { center: 'mean' },
      columns: [{ name: 'mass scaled', origins: ['mass'], from: [{ node: 'a', column: 'mass' }] }]
    }),
    node('c', {
      path: ['prep'],
      outputs: ['sex=male'],
      columns_out: 1,
      columns: [{ name: 'sex=male', origins: ['sex'], from: [{ node: 'raw', column: 'sex' }] }]
    }),
    node('model', {
      role: 'predictor',
      inputs: ['mass scaled', 'sex=male'],
      outputs: ['prediction'],
      columns_in: 2,
      columns_out: 1
    })
  ],
  edges: [
    { from: 'raw', to: 'a', count: 1 },
    { from: 'a', to: 'b', count: 1 },
    { from: 'raw', to: 'c', count: 1 },
    { from: 'b', to: 'model', count: 1 },
    { from: 'c', to: 'model', count: 1 }
  ],
  importance: [
    { column: 'mass', value: 0.2, std: 0.01 },
    { column: 'sex', value: -0.1, std: null }
  ]
};
