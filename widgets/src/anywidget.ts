/** The front end of every notebook widget: one module, and the trait `picture` says which. */

import { html } from './dom';
import { isEvaluation } from './evaluation/data';
import { mountEvaluation } from './evaluation/evaluation';
import { isPipelineGraph } from './graph/data';
import { mountPipelineGraph } from './graph/graph';
import type { Guard } from './guard';
import type { IPicture } from './picture';
import { isComparison, isStepData } from './profile/data';
import { mountStepView } from './profile/stepView';
import { mountTrainingData } from './profile/trainingData';

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

/** Mount what a trait holds, and draw it again when it changes. */
function show<Data, Picture extends IPicture<Data>>(
  { model, el }: IContext,
  trait: string,
  guard: Guard<Data>,
  mount: (data: Data) => Picture
): readonly [Picture | null, Release] {
  const data = model.get(trait);
  if (!guard(data)) {
    // The kernel's side checks what it sends, so this is a saved notebook of another version.
    const note = html('p', '', {}, 'This picture cannot be read here. Run the cell again.');
    el.append(note);
    return [null, () => note.remove()];
  }
  const picture = mount(data);
  const onChange = (): void => {
    const changed = model.get(trait);
    if (guard(changed)) {
      picture.update(changed);
    }
  };
  model.on(`change:${trait}`, onChange);
  return [
    picture,
    () => {
      model.off(`change:${trait}`, onChange);
      picture.dispose();
    }
  ];
}

function showGraph(context: IContext): Release {
  const { model, el } = context;
  const selected = (): string => String(model.get('selected'));
  const onSelect = (id: string): void => {
    model.set('selected', id);
    model.save_changes();
  };
  const [picture, release] = show(context, 'graph', isPipelineGraph, graph =>
    mountPipelineGraph(el, graph, { selected: selected(), onSelect })
  );
  const onSelected = (): void => picture?.select(selected());
  model.on('change:selected', onSelected);
  return () => {
    model.off('change:selected', onSelected);
    release();
  };
}

function render(context: IContext): Release {
  const { model, el } = context;
  switch (model.get('picture')) {
    case 'training-data':
      return show(context, 'comparison', isComparison, data => mountTrainingData(el, data))[1];
    case 'step-view':
      return show(context, 'step', isStepData, data => mountStepView(el, data))[1];
    case 'evaluation':
      return show(context, 'evaluation', isEvaluation, data => mountEvaluation(el, data))[1];
    default:
      return showGraph(context);
  }
}

export default { render };
