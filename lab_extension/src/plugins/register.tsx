import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';

import { ArgSchemas, CommandIDs, isVariableArgs } from '../commands';
import { redspotIcon } from '../icons';
import { showForm } from '../panels/form';
import { IKernelPipelines, ILive, IRedspotClient, ISidebar } from '../tokens';

const register: JupyterFrontEndPlugin<void> = {
  id: '@redspot/lab:register',
  description: "Registers a pipeline of the current notebook's kernel as a model.",
  autoStart: true,
  requires: [IRedspotClient, ILive, IKernelPipelines],
  optional: [ISidebar, ITranslator],
  activate: (
    app: JupyterFrontEnd,
    client: IRedspotClient,
    live: ILive,
    kernel: IKernelPipelines,
    sidebar: ISidebar | null,
    translator: ITranslator | null
  ): void => {
    const trans = (translator ?? nullTranslator).load('redspot');
    app.commands.addCommand(CommandIDs.register, {
      label: trans.__('Register Model…'),
      caption: trans.__("Register a fitted pipeline of this notebook's kernel as a model"),
      icon: redspotIcon,
      describedBy: { args: ArgSchemas.variable },
      isEnabled: () => kernel.pipelines.some(pipeline => pipeline.fitted),
      execute: async args => {
        const { RegisterForm } = await import('../components/RegisterForm');
        const { Register } = await import('../models/register');
        const variable = isVariableArgs(args) ? args.variable : undefined;
        await showForm({
          title: trans.__('Register model'),
          model: new Register({ client, kernel, variable }),
          render: (model, close) => (
            <RegisterForm
              model={model}
              known={live.snapshot.models}
              onDone={version => {
                close();
                sidebar?.reveal('models', version.model);
                void live.refresh();
              }}
              onCancel={close}
              trans={trans}
            />
          )
        });
      }
    });
    kernel.changed.connect(() => app.commands.notifyCommandChanged(CommandIDs.register));
  }
};

export default register;
