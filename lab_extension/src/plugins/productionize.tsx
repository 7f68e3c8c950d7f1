import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { INotebookTracker } from '@jupyterlab/notebook';
import type { TranslationBundle } from '@jupyterlab/translation';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';

import { isRecord } from '../api/guard';
import { ArgSchemas, CommandIDs } from '../commands';
import { redspotIcon } from '../icons';
import type { ISubmitted } from '../models/productionize';
import { showForm } from '../panels/form';
import { ILive, IRedspotClient, ISidebar } from '../tokens';

const productionize: JupyterFrontEndPlugin<void> = {
  id: '@redspot/lab:productionize',
  description: 'Turns the current notebook into a job, from its toolbar.',
  autoStart: true,
  requires: [IRedspotClient, ILive, INotebookTracker],
  optional: [ISidebar, ITranslator],
  activate: (
    app: JupyterFrontEnd,
    client: IRedspotClient,
    live: ILive,
    tracker: INotebookTracker,
    sidebar: ISidebar | null,
    translator: ITranslator | null
  ): void => {
    const trans = (translator ?? nullTranslator).load('redspot');
    app.commands.addCommand(CommandIDs.productionize, {
      label: trans.__('Productionize Notebook…'),
      caption: trans.__('Run this notebook as a job, once or on a schedule'),
      icon: redspotIcon,
      describedBy: { args: ArgSchemas.none },
      isEnabled: () => tracker.currentWidget !== null,
      execute: async () => {
        const submitted = await ask({ client, live, tracker, trans });
        if (submitted !== null) {
          await live.refresh();
          sidebar?.reveal('jobs', submitted.run?.id ?? submitted.schedule?.id);
        }
      }
    });
    tracker.currentChanged.connect(() =>
      app.commands.notifyCommandChanged(CommandIDs.productionize)
    );
  }
};

export default productionize;

interface IDeps {
  client: IRedspotClient;
  live: ILive;
  tracker: INotebookTracker;
  trans: TranslationBundle;
}

/** Show the dialog for the current notebook; null when it was left. */
async function ask({ client, live, tracker, trans }: IDeps): Promise<ISubmitted | null> {
  const panel = tracker.currentWidget;
  const notebook: unknown = panel?.context.model.toJSON();
  if (panel === null || !isRecord(notebook)) {
    return null;
  }
  const { ProductionizeForm } = await import('../components/ProductionizeForm');
  const { Productionize } = await import('../models/productionize');
  const model = new Productionize({ client, notebook, notebookName: panel.title.label });
  void model.inspect();
  let done: ISubmitted | null = null;
  await showForm({
    title: trans.__('Productionize'),
    model,
    render: (state, close) => (
      <ProductionizeForm
        model={state}
        models={live.snapshot.models.map(each => each.name)}
        endpoints={live.snapshot.endpoints.map(each => each.name)}
        onDone={submitted => {
          done = submitted;
          close();
        }}
        onCancel={close}
        trans={trans}
      />
    )
  });
  return done;
}
