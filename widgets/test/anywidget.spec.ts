import widget from '../src/anywidget';
import binary from '../../tests/widgets/recorded/binary.json';
import comparison from '../../tests/widgets/recorded/comparison.json';
import step from '../../tests/widgets/recorded/step.json';
import { GRAPH } from './graphs';

/** A model as anywidget hands it over. */
class Model {
  constructor(private readonly _state: Record<string, unknown>) {}

  readonly saved: unknown[] = [];
  readonly calls = new Map<string, Set<() => void>>();

  get = (name: string): unknown => this._state[name];

  set = (name: string, value: unknown): void => {
    this._state[name] = value;
    this.calls.get(`change:${name}`)?.forEach(call => call());
  };

  on = (event: string, call: () => void): void => {
    this.calls.set(event, (this.calls.get(event) ?? new Set()).add(call));
  };

  off = (event: string, call: () => void): void => {
    this.calls.get(event)?.delete(call);
  };

  save_changes = (): void => {
    this.saved.push(this._state['selected']);
  };
}

function show(state: Record<string, unknown>): {
  model: Model;
  el: HTMLElement;
  release: () => void;
} {
  const model = new Model(state);
  const el = document.createElement('div');
  document.body.replaceChildren(el);
  return { model, el, release: widget.render({ model, el }) };
}

describe('the widget', () => {
  it.each([
    [{ picture: 'pipeline-graph', graph: GRAPH, selected: '' }, '.rsp-graph'],
    [{ picture: 'training-data', comparison }, '.rsp-training'],
    [{ picture: 'step-view', step }, '.rsp-step-view'],
    [{ picture: 'evaluation', evaluation: binary }, '.rsp-evaluation']
  ])('draws what its trait names, and leaves nothing behind', (state, selector) => {
    const { model, el, release } = show(state);
    expect(el.querySelector(selector)).not.toBeNull();
    expect([...model.calls.values()].every(calls => calls.size === 1)).toBe(true);
    release();
    expect(el.childElementCount).toBe(0);
    expect([...model.calls.values()].every(calls => calls.size === 0)).toBe(true);
  });

  it('follows its traits', () => {
    const { model, el } = show({ picture: 'pipeline-graph', graph: GRAPH, selected: '' });
    el.querySelector<HTMLElement>('[data-id=b]')?.click();
    expect(model.saved).toEqual(['b']);
    model.set('selected', 'model');
    expect(el.querySelector('.rsp-card strong')?.textContent).toBe('model');
    model.set('graph', { nodes: GRAPH.nodes.slice(0, 1), edges: [] });
    expect(el.querySelectorAll('.rsp-node')).toHaveLength(1);
  });

  it('says so when it cannot read what another version has kept', () => {
    const { el, release } = show({ picture: 'evaluation', evaluation: { score: 1 } });
    expect(el.textContent).toContain('cannot be read');
    release();
    expect(el.childElementCount).toBe(0);
  });
});
