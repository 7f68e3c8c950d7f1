/** The front end of every notebook widget: one module, and the trait `picture` says which. */

import { html } from './dom';
import { isPipelineGraph } from './graph/data';
import { mountPipelineGraph } from './graph/graph';

/** What anywidget hands over: the traits of the kernel's side. */
interface IModel {
  get: (name: string) => unknown;
  set: (name: string, value: unknown) => void;
  on: (event: string, call: () => void) => void;
  off: (event: string, call: () => void) => void;
  save_changes: () => void;
}

interface IContext {
  readonly model: IModel;
  readonly el: HTMLElement;
}

type Release = () => void;

/** Call when one of the traits changes, until released. */
function follow(model: IModel, calls: ReadonlyMap<string, () => void>): Release {
  for (const [name, call] of calls) {
    model.on(`change:${name}`, call);
  }
  return () => {
    for (const [name, call] of calls) {
      model.off(`change:${name}`, call);
    }
  };
}

function renderGraph({ model, el }: IContext): Release {
  const graph = model.get('graph');
  if (!isPipelineGraph(graph)) {
    return renderUnreadable(el);
  }
  const selected = (): string => String(model.get('selected'));
  const picture = mountPipelineGraph(el, graph, {
    selected: selected(),
    onSelect: id => {
      model.set('selected', id);
      model.save_changes();
    }
  });
  const onGraph = (): void => {
    const changed = model.get('graph');
    if (isPipelineGraph(changed)) {
      picture.update(changed);
    }
  };
  const release = follow(
    model,
    new Map([
      ['graph', onGraph],
      ['selected', () => picture.select(selected())]
    ])
  );
  return () => {
    release();
    picture.dispose();
  };
}

/** The kernel's side checks what it sends, so this is a saved notebook of another version. */
function renderUnreadable(el: HTMLElement): Release {
  const note = html('p', '', {}, 'This picture cannot be read here. Run the cell again.');
  el.append(note);
  return () => note.remove();
}

export default { render: renderGraph };
