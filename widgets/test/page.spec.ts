import { drawAll } from '../src/page';
import { GRAPH } from './graphs';

describe('the pictures of a page', () => {
  function page(kind: string, data: unknown): HTMLElement {
    const root = document.createElement('main');
    const json = JSON.stringify(data).replace(/</g, '\\u003c');
    root.innerHTML = `<div data-rsp-picture="${kind}"><p>static</p><script type="application/json">${json}</script></div>`;
    document.body.replaceChildren(root);
    drawAll(root);
    return root;
  }

  it('takes the place of the static picture', () => {
    const root = page('pipeline', GRAPH);
    expect(root.querySelector('.rsp-picture')).not.toBeNull();
    expect(root.textContent).not.toContain('static');
  });

  it('leaves the static picture where the data cannot be read', () => {
    const root = page('pipeline', { nodes: 3 });
    expect(root.querySelector('.rsp-picture')).toBeNull();
    expect(root.textContent).toContain('static');
    expect(page('another kind', GRAPH).textContent).toContain('static');
  });

  it('draws training data', () => {
    const train = { rows: 2, columns: [{ name: 'a', dtype: 'float', rows: 2, missing: 0 }] };
    expect(page('training-data', { train }).querySelector('.rsp-picture')).not.toBeNull();
  });
});
