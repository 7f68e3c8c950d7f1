import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';

import { ArgSchemas, CommandIDs, isRefArgs } from '../commands';
import { redspotIcon } from '../icons';
import { showForm } from '../panels/form';
import { ILive, IRedspotClient, ISidebar } from '../tokens';

const deploy: JupyterFrontEndPlugin<void> = {
  id: '@redspot/lab:deploy',
  description: 'Lets an endpoint serve a version of a model.',
  autoStart: true,
  requires: [IRedspotClient, ILive],
  optional: [ISidebar, ITranslator],
  activate: (
    app: JupyterFrontEnd,
    client: IRedspotClient,
    live: ILive,
    sidebar: ISidebar | null,
    translator: ITranslator | null
  ): void => {
    const trans = (translator ?? nullTranslator).load('redspot');
    app.commands.addCommand(CommandIDs.deploy, {
      label: args =>
        isRefArgs(args) ? trans.__('Deploy %1…', args.ref) : trans.__('Deploy a Version…'),
      icon: redspotIcon,
      describedBy: { args: ArgSchemas.ref },
      isEnabled: isRefArgs,
      execute: async args => {
        if (!isRefArgs(args)) {
          return;
        }
        const { DeployForm } = await import('../components/DeployForm');
        const { Deploy } = await import('../models/deploy');
        const { endpoints } = live.snapshot;
        await showForm({
          title: trans.__('Deploy %1', args.ref),
          model: new Deploy({ client, ref: args.ref, endpoints }),
          render: (model, close) => (
            <DeployForm
              model={model}
              known={endpoints.map(each => each.name)}
              onDone={endpoint => {
                close();
                sidebar?.reveal('endpoints', endpoint.name);
                void live.refresh();
              }}
              onCancel={close}
              trans={trans}
            />
          )
        });
      }
    });
  }
};

export default deploy;
