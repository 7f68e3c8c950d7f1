import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { MainAreaWidget } from '@jupyterlab/apputils';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';
import { ReactWidget } from '@jupyterlab/ui-components';

import { ProblemError } from '../api/problem';
import { ArgSchemas, CommandIDs, isRefArgs } from '../commands';
import { PipelineGraph } from '../components/PipelineGraph';
import { redspotIcon } from '../icons';
import { isPipelineGraph } from '../models/pipelineGraph';
import { IRedspotClient } from '../tokens';

const graph: JupyterFrontEndPlugin<void> = {
  id: '@redspot/lab:graph',
  description: "Shows a version's pipeline as a picture in the main area.",
  autoStart: true,
  requires: [IRedspotClient],
  optional: [ITranslator],
  activate: (
    app: JupyterFrontEnd,
    client: IRedspotClient,
    translator: ITranslator | null
  ): void => {
    const trans = (translator ?? nullTranslator).load('redspot');
    app.commands.addCommand(CommandIDs.showGraph, {
      label: args =>
        isRefArgs(args)
          ? trans.__('Show the Pipeline of %1', args.ref)
          : trans.__('Show the Pipeline of a Version'),
      icon: redspotIcon,
      describedBy: { args: ArgSchemas.ref },
      isEnabled: isRefArgs,
      execute: async args => {
        if (!isRefArgs(args)) {
          return;
        }
        const version = await client.version(args.ref);
        const description: unknown = version.graph;
        if (!isPipelineGraph(description)) {
          throw new ProblemError({
            status: 0,
            code: ProblemError.UNREADABLE,
            detail: trans.__('the description of the pipeline')
          });
        }
        const content = ReactWidget.create(<PipelineGraph graph={description} trans={trans} />);
        content.addClass('rsp-GraphPanel');
        const widget = new MainAreaWidget({ content });
        widget.title.label = `${version.model}@${version.number}`;
        widget.title.caption = trans.__('Pipeline of %1', widget.title.label);
        widget.title.icon = redspotIcon;
        widget.title.closable = true;
        app.shell.add(widget, 'main');
      }
    });
  }
};

export default graph;
