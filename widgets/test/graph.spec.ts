import type { IGraphNode, IPipelineGraph } from '../src/graph/data';
import { isPipelineGraph } from '../src/graph/data';
import { mountPipelineGraph } from '../src/graph/graph';
import { descentOf, lineageOf } from '../src/graph/lineage';
import type { ITranslation } from '../src/picture';
import { GRAPH, node } from './graphs';

let host: HTMLElement;

beforeEach(() => {
  host = document.createElement('div');
  document.body.replaceChildren(host);
});

function find(selector: string): HTMLElement {
  const found = host.querySelector<HTMLElement>(selector);
  if (found === null) {
    throw new Error(`nothing fits ${selector}`);
  }
  return found;
}

function point(selector: string, kind = 'pointerover'): void {
  find(selector).dispatchEvent(new Event(kind, { bubbles: true }));
}

function press(selector: string, key: string, more: KeyboardEventInit = {}): boolean {
  return find(selector).dispatchEvent(
    new KeyboardEvent('keydown', { key, bubbles: true, cancelable: true, ...more })
  );
}

function lit(): string[] {
  return [...host.querySelectorAll<HTMLElement>('.rsp-node.rsp-lit')].map(
    each => each.dataset['id'] ?? ''
  );
}

describe('lineage', () => {
  it('leads back to the raw columns', () => {
    const { columns, edges } = lineageOf(GRAPH, 'b', 'mass scaled');
    expect(Object.fromEntries([...columns].map(([id, names]) => [id, [...names]]))).toEqual({
      b: ['mass scaled'],
      a: ['mass'],
      raw: ['mass']
    });
    expect(edges).toEqual([
      ['a', 'b'],
      ['raw', 'a']
    ]);
  });

  it('lights all that may carry it where ancestors are not told', () => {
    const old = {
      nodes: GRAPH.nodes.map(each => ({ ...each, columns: undefined })),
      edges: GRAPH.edges
    };
    expect([...lineageOf(old, 'model', 'prediction').columns.keys()].sort()).toEqual([
      'a',
      'b',
      'c',
      'model',
      'raw'
    ]);
  });

  it('ends where a description leads in a circle', () => {
    const turn = (id: string, other: string): IGraphNode =>
      node(id, { columns: [{ name: 'x', from: [{ node: other, column: 'x' }] }] });
    const graph = { nodes: [turn('p', 'q'), turn('q', 'p')], edges: [] };
    expect(lineageOf(graph, 'p', 'x').columns.size).toBe(2);
  });

  it('leads a raw column to all it has a part in', () => {
    expect([...descentOf(GRAPH, 'mass').columns.keys()]).toEqual(['raw', 'a', 'b']);
  });
});

describe('roles', () => {
  const named: IPipelineGraph = {
    ...GRAPH,
    nodes: GRAPH.nodes.map(each =>
      each.id === 'c'
        ? { ...each, role: 'target', kind: 'columns' }
        : each.id === 'b'
          ? { ...each, role: 'output', kind: 'explain' }
          : each
    )
  };

  it('tells what prepares the target, and what comes beside the prediction', () => {
    expect(isPipelineGraph(named)).toBe(true);
    const picture = mountPipelineGraph(host, named, { selected: 'c' });
    expect(find('[data-id=c]').classList).toContain('rsp-target');
    expect(find('.rsp-card').textContent).toContain('it runs in training only');
    picture.select('b');
    expect(find('.rsp-card').textContent).toContain('An output beside the prediction.');
    expect(find('[data-id=b] .rsp-shape').textContent).toBe('mass scaled');
    const drawn = (id: string): string | null => find(`[data-id=${id}] path`).getAttribute('d');
    expect(new Set(['a', 'b', 'c'].map(drawn)).size).toBe(3);
  });

  it('refuses a role that it cannot draw', () => {
    expect(isPipelineGraph({ ...GRAPH, nodes: [{ ...GRAPH.nodes[0], role: 'boss' }] })).toBe(false);
  });
});

describe('the graph', () => {
  it('shows steps, frames and lines', () => {
    mountPipelineGraph(host, GRAPH);
    expect(host.querySelectorAll('.rsp-node')).toHaveLength(5);
    expect(host.querySelectorAll('.rsp-frame')).toHaveLength(2);
    expect(host.querySelectorAll('.rsp-edge')).toHaveLength(5);
    expect(find('.rsp-card').textContent).toContain('Importance of the raw columns');
  });

  it('shows the card of the step that is pointed at or focused', () => {
    mountPipelineGraph(host, GRAPH);
    point('[data-id=b]');
    const card = find('.rsp-card').textContent;
    for (const words of [
      '1,000 × 1',
      'fitted in 12 ms',
      'means',
      '[3.1]',
      'center',
      '"mean"',
      'mass scaled'
    ]) {
      expect(card).toContain(words);
    }
    point('[data-id=c]', 'focusin');
    expect(find('.rsp-card strong').textContent).toBe('c');
  });

  it('pins a card by a click, and lets it go by Escape', () => {
    const chosen: string[] = [];
    mountPipelineGraph(host, GRAPH, { onSelect: id => chosen.push(id) });
    find('[data-id=b]').click();
    point('[data-id=c]');
    expect(find('.rsp-card strong').textContent).toBe('b');
    expect(find('[data-id=b]').getAttribute('aria-pressed')).toBe('true');
    expect(press('.rsp-card .rsp-chip', 'Escape')).toBe(false);
    expect(document.activeElement).toBe(find('[data-id=b]'));
    expect(chosen).toEqual(['b', '']);
    // Nothing is pinned any more, so the key is the page's.
    expect(press('[data-id=b]', 'Escape')).toBe(true);
  });

  it('lights the lineage of a column and dims the rest', () => {
    mountPipelineGraph(host, GRAPH, { selected: 'b' });
    point('.rsp-card [data-column="mass scaled"]');
    expect(lit()).toEqual(['raw', 'a', 'b']);
    expect(find('.rsp-graph').classList).toContain('rsp-tracing');
    expect(find('[data-id=raw] .rsp-lit-columns').textContent).toBe('mass');
    expect(host.querySelectorAll('.rsp-traced')).toHaveLength(2);
    point('.rsp-card strong');
    expect(find('.rsp-graph').classList).not.toContain('rsp-tracing');
    expect(host.querySelector('.rsp-lit-columns')).toBeNull();
  });

  it('lights where a raw column goes from the summary', () => {
    mountPipelineGraph(host, GRAPH);
    point('.rsp-importance[data-column=sex]', 'focusin');
    expect(lit()).toEqual(['raw', 'c']);
  });

  it('closes and opens sub-pipelines', () => {
    mountPipelineGraph(host, GRAPH);
    find('.rsp-frame-name').click();
    expect(host.querySelectorAll('.rsp-node')).toHaveLength(3);
    const pile = find('.rsp-node.rsp-group');
    expect(pile.textContent).toContain('3 steps');
    expect(document.activeElement).toBe(pile);
    pile.click();
    expect(host.querySelectorAll('.rsp-node')).toHaveLength(5);
    find('[data-fold=all]').click();
    expect(host.querySelectorAll('.rsp-node')).toHaveLength(3);
    find('[data-fold=none]').click();
    expect(host.querySelectorAll('.rsp-node')).toHaveLength(5);
  });

  it('opens what is round a step that is selected from elsewhere', () => {
    const picture = mountPipelineGraph(host, GRAPH);
    find('[data-fold=all]').click();
    picture.select('b');
    expect(find('[data-id=b]').getAttribute('aria-pressed')).toBe('true');
  });

  it('closes the sub-pipelines of a large pipeline at first', () => {
    const many = Array.from({ length: 40 }, (_, index) =>
      node(`n${index}`, { path: [`g${index % 2}`] })
    );
    mountPipelineGraph(host, { nodes: many, edges: [] });
    expect(host.querySelectorAll('.rsp-node')).toHaveLength(2);
  });

  it('is walked through with the arrows, by one stop of Tab', () => {
    mountPipelineGraph(host, GRAPH);
    const stops = (): string[] =>
      [...host.querySelectorAll<HTMLElement>('.rsp-node[tabindex="0"]')].map(
        each => each.dataset['id'] ?? ''
      );
    expect(stops()).toEqual(['raw']);
    expect(press('[data-id=raw]', 'ArrowRight')).toBe(false);
    expect(document.activeElement?.closest<HTMLElement>('.rsp-node')?.dataset['id']).toMatch(
      /^[ac]$/
    );
    expect(stops()).toHaveLength(1);
  });

  it('is zoomed by keys and buttons', () => {
    mountPipelineGraph(host, GRAPH);
    const zoom = (): string => find('.rsp-zoom').textContent;
    expect(zoom()).toBe('100 %');
    expect(press('.rsp-viewport', '+')).toBe(false);
    expect(zoom()).toBe('125 %');
    press('.rsp-viewport', '-');
    press('[data-id=raw]', '-');
    expect(zoom()).toBe('80 %');
    press('.rsp-viewport', '0');
    expect(zoom()).toBe('100 %');
    find('[title^="Zoom in"]').click();
    expect(zoom()).toBe('125 %');
    // Ctrl and + is the browser's own zoom.
    expect(press('.rsp-viewport', '+', { ctrlKey: true })).toBe(true);
    find('.rsp-viewport').dispatchEvent(
      new WheelEvent('wheel', { ctrlKey: true, deltaY: -50, bubbles: true })
    );
    expect(find('.rsp-canvas').style.transform).not.toBe('scale(1.25)');
  });

  it('keeps what is closed and pinned when it gets a new description', () => {
    const picture = mountPipelineGraph(host, GRAPH, { selected: 'model' });
    find('.rsp-frame-name').click();
    picture.update({ ...GRAPH, importance: null });
    expect(host.querySelectorAll('.rsp-node')).toHaveLength(3);
    expect(find('.rsp-card strong').textContent).toBe('model');
    picture.update({ nodes: [node('only')], edges: [] });
    expect(find('.rsp-card strong').textContent).toBe('Pipeline');
  });

  it('shows names as text, whatever they are', () => {
    const evil = '"><img src=x onerror=alert(1)>';
    const hostile = node('x', {
      name: evil,
      title: evil,
      path: [evil],
      outputs: [evil],
      params: { [evil]: evil },
      learned: [{ name: evil, text: evil }],
      columns_out: 1
    });
    mountPipelineGraph(host, {
      nodes: [hostile],
      edges: [],
      importance: [{ column: evil, value: 1 }]
    });
    find('[data-id=x]').click();
    expect(find('.rsp-card strong').textContent).toBe(evil);
    expect(host.querySelector('img, script')).toBeNull();
  });

  it('speaks the language of its reader', () => {
    const trans: ITranslation = { __: text => `<${text}>`, _n: (one, many) => `<${one}|${many}>` };
    mountPipelineGraph(host, GRAPH, { trans });
    expect(find('[data-fold=all]').textContent).toBe('<Close all>');
  });

  it('leaves nothing behind', () => {
    const picture = mountPipelineGraph(host, GRAPH);
    picture.dispose();
    picture.dispose();
    expect(host.childElementCount).toBe(0);
  });
});
