import { IFrame } from '@jupyterlab/ui-components';
import { MainAreaWidget } from '@jupyterlab/apputils';
import type { TranslationBundle } from '@jupyterlab/translation';

import { redspotIcon } from '../icons';

/** A tab with the HTML of a run. It is made by users, so it gets no origin of its own and no cookies. */
export function runOutput(
  url: string,
  job: string,
  trans: TranslationBundle
): MainAreaWidget<IFrame> {
  const frame = new IFrame({ sandbox: ['allow-scripts'] });
  frame.addClass('rsp-Output');
  frame.url = url;
  frame.node.querySelector('iframe')?.setAttribute('title', trans.__('Output of %1', job));
  const widget = new MainAreaWidget({ content: frame });
  widget.title.icon = redspotIcon;
  widget.title.label = trans.__('Output of %1', job);
  widget.title.caption = trans.__('Output of %1', job);
  widget.title.closable = true;
  return widget;
}
