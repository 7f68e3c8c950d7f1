import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { MainAreaWidget } from '@jupyterlab/apputils';
import type { TranslationBundle } from '@jupyterlab/translation';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';

import { ArgSchemas, CommandIDs, isRunArgs } from '../commands';
import { runOutput } from '../panels/runOutput';
import { ILive, IRedspotClient } from '../tokens';

const runs: JupyterFrontEndPlugin<void> = {
  id: '@redspot/lab:runs',
  description: 'Opens what a run left behind: its output, its notebook and its log.',
  autoStart: true,
  requires: [IRedspotClient, ILive],
  optional: [ITranslator],
  activate: (
    app: JupyterFrontEnd,
    client: IRedspotClient,
    live: ILive,
    translator: ITranslator | null
  ): void => {
    addRunCommands(app, { client, live, trans: (translator ?? nullTranslator).load('redspot') });
  }
};

export default runs;

interface IDeps {
  client: IRedspotClient;
  live: ILive;
  trans: TranslationBundle;
}

function addRunCommands(app: JupyterFrontEnd, { client, live, trans }: IDeps): void {
  const jobOf = (id: string): string =>
    live.snapshot.runs.find(run => run.id === id)?.job_name ?? id;
  const show = (id: string, make: () => MainAreaWidget): void => {
    const open = [...app.shell.widgets('main')].find(widget => widget.id === id);
    if (open === undefined) {
      const widget = make();
      widget.id = id;
      app.shell.add(widget, 'main');
    }
    app.shell.activateById(id);
  };

  app.commands.addCommand(CommandIDs.openOutput, {
    label: trans.__('Open the output of a run'),
    describedBy: { args: ArgSchemas.run },
    isEnabled: isRunArgs,
    execute: args => {
      if (isRunArgs(args)) {
        const { run } = args;
        show(`redspot-output-${run}`, () => runOutput(client.runHtmlUrl(run), jobOf(run), trans));
      }
    }
  });

  app.commands.addCommand(CommandIDs.openLog, {
    label: trans.__('Show the log of a run'),
    describedBy: { args: ArgSchemas.run },
    isEnabled: isRunArgs,
    execute: async args => {
      if (isRunArgs(args)) {
        const { run } = args;
        const { LogPanel } = await import('../panels/log');
        show(
          `redspot-log-${run}`,
          () =>
            new MainAreaWidget({ content: new LogPanel({ client, run, job: jobOf(run), trans }) })
        );
      }
    }
  });

  app.commands.addCommand(CommandIDs.openNotebook, {
    label: trans.__('Open the notebook of a run'),
    describedBy: { args: ArgSchemas.run },
    isEnabled: isRunArgs,
    execute: async args => {
      if (isRunArgs(args)) {
        const notebook = await client.runNotebook(args.run);
        const path = `${jobOf(args.run)}-${args.run}.ipynb`;
        await app.serviceManager.contents.save(path, {
          type: 'notebook',
          format: 'json',
          content: notebook
        });
        await app.commands.execute('docmanager:open', { path });
      }
    }
  });
}
