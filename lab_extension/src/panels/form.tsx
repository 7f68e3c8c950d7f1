import { ReactWidget, UseSignal } from '@jupyterlab/ui-components';
import type { IDisposable } from '@lumino/disposable';
import type { ISignal } from '@lumino/signaling';
import type { JSX } from 'react';

import { FormDialog } from './formDialog';

/** The state behind a form. */
export interface IFormModel extends IDisposable {
  readonly changed: ISignal<unknown, void>;
}

export interface IFormOptions<T extends IFormModel> {
  title: string;
  /** Owned by the dialog from now on. */
  model: T;
  render: (model: T, close: () => void) => JSX.Element;
}

/** Show a form in a dialog, and resolve once it is closed. Rendered within the event, so that carets stay. */
export async function showForm<T extends IFormModel>(options: IFormOptions<T>): Promise<void> {
  const { title, model, render } = options;
  let close = (): void => undefined;
  const body = ReactWidget.create(
    <UseSignal signal={model.changed}>{() => render(model, () => close())}</UseSignal>
  );
  const dialog = new FormDialog({ title, body });
  close = () => dialog.reject();
  // The dialog disposes of itself when it is left; saying so again costs nothing.
  await dialog.launch().finally(() => model.dispose());
  dialog.dispose();
}
