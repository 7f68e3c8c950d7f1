import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { ILayoutRestorer } from '@jupyterlab/application';
import { IStateDB } from '@jupyterlab/statedb';
import type { TranslationBundle } from '@jupyterlab/translation';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';
import { refreshIcon } from '@jupyterlab/ui-components';

import { ArgSchemas, CommandIDs } from '../commands';
import { redspotIcon } from '../icons';
import { sidebarActions } from '../models/sidebarActions';
import type { SidebarView } from '../models/sidebarView';
import { SidebarPanel } from '../panels/sidebar';
import type { SectionId } from '../tokens';
import { IKernelPipelines, ILive, IRedspotClient, ISidebar } from '../tokens';

const STATE_KEY = '@redspot/lab:sidebar';

const sidebar: JupyterFrontEndPlugin<ISidebar> = {
  id: '@redspot/lab:sidebar',
  description: 'Shows models, jobs, endpoints and the notebook’s pipelines in the left area.',
  autoStart: true,
  requires: [IRedspotClient, ILive],
  optional: [IKernelPipelines, ILayoutRestorer, IStateDB, ITranslator],
  provides: ISidebar,
  activate: (
    app: JupyterFrontEnd,
    client: IRedspotClient,
    live: ILive,
    kernel: IKernelPipelines | null,
    restorer: ILayoutRestorer | null,
    state: IStateDB | null,
    translator: ITranslator | null
  ): ISidebar => {
    const trans = (translator ?? nullTranslator).load('redspot');
    const panel = new SidebarPanel({
      live,
      client,
      kernel,
      trans,
      actions: (view, shelf) =>
        sidebarActions({ commands: app.commands, client, live, kernel, view, shelf, trans })
    });
    app.shell.add(panel, 'left', { rank: 450, type: 'Redspot' });
    restorer?.add(panel, 'redspot-sidebar');
    if (state !== null) {
      void remember(panel.view, state);
    }
    const reveal = (section: SectionId, itemId?: string): void => {
      app.shell.activateById(panel.id);
      panel.view.reveal(section, itemId);
    };
    addCommands(app, { live, trans, open: () => app.shell.activateById(panel.id) });
    return { reveal };
  }
};

export default sidebar;

async function remember(view: SidebarView, state: IStateDB): Promise<void> {
  view.restore(await state.fetch(STATE_KEY));
  view.changed.connect(() => {
    void state.save(STATE_KEY, view.toJSON());
  });
}

function addCommands(
  app: JupyterFrontEnd,
  deps: { live: ILive; trans: TranslationBundle; open: () => void }
): void {
  const { live, trans, open } = deps;
  app.commands.addCommand(CommandIDs.openSidebar, {
    label: trans.__('Open Redspot'),
    caption: trans.__('Models, jobs and endpoints'),
    icon: redspotIcon,
    describedBy: { args: ArgSchemas.none },
    execute: open
  });
  app.commands.addCommand(CommandIDs.refresh, {
    label: trans.__('Refresh Redspot'),
    caption: trans.__('Ask the service for models, jobs and endpoints now'),
    icon: refreshIcon,
    describedBy: { args: ArgSchemas.none },
    execute: () => live.refresh()
  });
}
