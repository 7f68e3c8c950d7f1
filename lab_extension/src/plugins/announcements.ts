import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { Notification } from '@jupyterlab/apputils';
import type { TranslationBundle } from '@jupyterlab/translation';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';

import type { Run } from '../api/types';
import { justEnded } from '../models/run';
import { ILive, ISidebar } from '../tokens';

const announcements: JupyterFrontEndPlugin<void> = {
  id: '@redspot/lab:announcements',
  description: 'Says in a corner when a run of yours has ended.',
  autoStart: true,
  requires: [ILive],
  optional: [ISidebar, ITranslator],
  activate: (
    _app: JupyterFrontEnd,
    live: ILive,
    sidebar: ISidebar | null,
    translator: ITranslator | null
  ): void => {
    const trans = (translator ?? nullTranslator).load('redspot');
    let before = live.snapshot.runs;
    live.changed.connect((_, { runs, status }) => {
      for (const run of justEnded(before, runs)) {
        if (run.owner === status?.caller) {
          announce(run, sidebar, trans);
        }
      }
      before = runs;
    });
  }
};

export default announcements;

function announce(run: Run, sidebar: ISidebar | null, trans: TranslationBundle): void {
  const options = {
    autoClose: 8000,
    actions:
      sidebar === null
        ? []
        : [{ label: trans.__('Show'), callback: () => sidebar.reveal('jobs', run.id) }]
  };
  switch (run.state) {
    case 'succeeded':
      Notification.success(
        run.version === null
          ? trans.__('%1 has run.', run.job_name)
          : trans.__('%1 has run and made %2.', run.job_name, run.version),
        options
      );
      break;
    case 'cancelled':
      break;
    default:
      Notification.error(
        trans.__('%1 did not succeed: %2', run.job_name, run.failure?.message ?? run.state),
        { ...options, autoClose: false }
      );
  }
}
