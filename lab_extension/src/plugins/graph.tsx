import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { MainAreaWidget } from '@jupyterlab/apputils';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';
import { ReactWidget } from '@jupyterlab/ui-components';

import { ProblemError } from '../api/problem';
import { ArgSchemas, CommandIDs, isRefArgs, isVariableArgs } from '../commands';
import { redspotIcon } from '../icons';
import { IKernelPipelines, IRedspotClient } from '../tokens';

const graph: JupyterFrontEndPlugin<void> = {
  id: '@redspot/lab:graph',
  description: "Shows a version's pipeline as a picture in the main area.",
  autoStart: true,
  requires: [IRedspotClient],
  optional: [IKernelPipelines, ITranslator],
  activate: (
    app: JupyterFrontEnd,
    client: IRedspotClient,
    kernel: IKernelPipelines | null,
    translator: ITranslator | null
  ): void => {
    const trans = (translator ?? nullTranslator).load('redspot');
    /** The title and the description of what was asked for. */
    const read = async (args: unknown): Promise<readonly [string, unknown] | null> => {
      if (isRefArgs(args)) {
        return [args.ref, (await client.version(args.ref)).graph];
      }
      return isVariableArgs(args) && kernel !== null
        ? [args.variable, await kernel.describe(args.variable)]
        : null;
    };
    app.commands.addCommand(CommandIDs.showGraph, {
      label: args =>
        isRefArgs(args)
          ? trans.__('Show the Pipeline of %1', args.ref)
          : trans.__('Show the Pipeline of a Version'),
      icon: redspotIcon,
      describedBy: { args: ArgSchemas.graph },
      isEnabled: args => isRefArgs(args) || (isVariableArgs(args) && kernel !== null),
      execute: async args => {
        const found = await read(args);
        if (found === null) {
          return;
        }
        const [title, description] = found;
        const { isPipelineGraph } = await import('@redspot/pictures');
        if (!isPipelineGraph(description)) {
          throw new ProblemError({
            status: 0,
            code: ProblemError.UNREADABLE,
            detail: trans.__('the description of the pipeline')
          });
        }
        const { PipelineGraph } = await import('../components/PipelineGraph');
        const content = ReactWidget.create(<PipelineGraph graph={description} trans={trans} />);
        content.addClass('rsp-GraphPanel');
        const widget = new MainAreaWidget({ content });
        widget.title.label = title;
        widget.title.caption = trans.__('Pipeline of %1', title);
        widget.title.icon = redspotIcon;
        widget.title.closable = true;
        app.shell.add(widget, 'main');
      }
    });
  }
};

export default graph;
