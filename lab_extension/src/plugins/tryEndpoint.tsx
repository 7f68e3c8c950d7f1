import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';

import { ArgSchemas, CommandIDs, isEndpointArgs } from '../commands';
import { redspotIcon } from '../icons';
import { showForm } from '../panels/form';
import { ILive, IRedspotClient } from '../tokens';

const tryEndpoint: JupyterFrontEndPlugin<void> = {
  id: '@redspot/lab:try-endpoint',
  description: 'Sends a row to an endpoint and shows what it answers.',
  autoStart: true,
  requires: [IRedspotClient, ILive],
  optional: [ITranslator],
  activate: (
    app: JupyterFrontEnd,
    client: IRedspotClient,
    live: ILive,
    translator: ITranslator | null
  ): void => {
    const trans = (translator ?? nullTranslator).load('redspot');
    const serving = (name: string): string | null =>
      live.snapshot.endpoints.find(each => each.name === name)?.serving ?? null;
    app.commands.addCommand(CommandIDs.tryEndpoint, {
      label: args =>
        isEndpointArgs(args) ? trans.__('Try %1…', args.endpoint) : trans.__('Try an Endpoint…'),
      icon: redspotIcon,
      describedBy: { args: ArgSchemas.endpoint },
      isEnabled: args => isEndpointArgs(args) && serving(args.endpoint) !== null,
      execute: async args => {
        const version = isEndpointArgs(args) ? serving(args.endpoint) : null;
        if (!isEndpointArgs(args) || version === null) {
          return;
        }
        const { TryForm } = await import('../components/TryForm');
        const { Trial } = await import('../models/trial');
        const model = new Trial({ client, endpoint: args.endpoint, serving: version });
        await model.load();
        await showForm({
          title: trans.__('Try %1', args.endpoint),
          model,
          render: (trial, close) => <TryForm model={trial} onCancel={close} trans={trans} />
        });
      }
    });
  }
};

export default tryEndpoint;
