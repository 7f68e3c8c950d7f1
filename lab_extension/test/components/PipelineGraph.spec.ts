import { nullTranslator } from '@jupyterlab/translation';
import { act, createElement } from 'react';
import { createRoot } from 'react-dom/client';

import { PipelineGraph } from '../../src/components/PipelineGraph';

const node = (id: string): Parameters<typeof PipelineGraph>[0]['graph']['nodes'][number] => ({
  id,
  name: id,
  kind: 'columns',
  title: id,
  role: 'source',
  params: {},
  inputs: [],
  outputs: ['mass'],
  columns_in: 1,
  columns_out: 1
});

describe('PipelineGraph', () => {
  it('mounts the shared picture, draws it again, and takes it away', () => {
    Object.assign(globalThis, { IS_REACT_ACT_ENVIRONMENT: true });
    const trans = nullTranslator.load('redspot');
    const host = document.createElement('div');
    const root = createRoot(host);
    const show = (...ids: string[]): void => {
      const graph = { nodes: ids.map(node), edges: [] };
      act(() => root.render(createElement(PipelineGraph, { graph, trans })));
    };
    show('numbers');
    const picture = host.querySelector('.rsp-graph.rsp-fill');
    host.querySelector<HTMLElement>('.rsp-node')?.click();
    expect(picture?.querySelector('.rsp-card strong')?.textContent).toBe('numbers');
    show('numbers', 'words');
    expect(host.querySelector('.rsp-graph')).toBe(picture);
    expect(host.querySelectorAll('.rsp-node')).toHaveLength(2);
    act(() => root.unmount());
    expect(host.childElementCount).toBe(0);
  });
});
