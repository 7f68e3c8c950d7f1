import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { INotebookTracker, NotebookActions } from '@jupyterlab/notebook';
import { Debouncer } from '@lumino/polling';

import { KernelPipelines } from '../models/kernelPipelines';
import { IKernelPipelines } from '../tokens';

/** Milliseconds of rest after the last executed cell before the kernel is asked. */
const SETTLE_MS = 400;

const kernelPipelines: JupyterFrontEndPlugin<IKernelPipelines> = {
  id: '@redspot/lab:kernel-pipelines',
  description: "Provides the pipelines that are alive in the current notebook's kernel.",
  autoStart: true,
  requires: [INotebookTracker],
  provides: IKernelPipelines,
  activate: (_app: JupyterFrontEnd, tracker: INotebookTracker): IKernelPipelines => {
    const pipelines = new KernelPipelines();
    const look = new Debouncer(() => pipelines.look({ load: false }), SETTLE_MS);
    tracker.currentChanged.connect((_, panel) => pipelines.follow(panel));
    pipelines.follow(tracker.currentWidget);
    NotebookActions.executed.connect((_, { notebook }) => {
      if (notebook === tracker.currentWidget?.content) {
        void look.invoke();
      }
    });
    return pipelines;
  }
};

export default kernelPipelines;
