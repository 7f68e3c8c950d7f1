import { Clipboard } from '@jupyterlab/apputils';
import type { TranslationBundle } from '@jupyterlab/translation';
import type { CommandRegistry } from '@lumino/commands';

import { CommandIDs } from '../commands';
import type { IActions } from '../components/actions';
import { orNotice } from '../notice';
import type { IKernelPipelines, ILive, IRedspotClient } from '../tokens';
import type { SidebarView } from './sidebarView';
import type { VersionShelf } from './versionShelf';

export interface ISidebarActionsOptions {
  commands: CommandRegistry;
  client: IRedspotClient;
  live: ILive;
  kernel: IKernelPipelines | null;
  view: SidebarView;
  shelf: VersionShelf;
  trans: TranslationBundle;
}

/** What the sidebar's buttons do: what other plugins own goes by command. */
export function sidebarActions(options: ISidebarActionsOptions): IActions {
  const { commands, client, live, kernel, view, shelf, trans } = options;
  const command = (id: string, args: { [name: string]: string } = {}): void => {
    void orNotice(commands.execute(id, args), trans);
  };
  const change = (doing: Promise<unknown>): void => {
    void orNotice(
      doing.then(() => live.refresh()),
      trans
    );
  };
  return {
    toggleSection: section => view.toggleSection(section),
    toggleItem: id => view.toggleItem(id),
    refresh: () => command(CommandIDs.refresh),
    stock: model => void shelf.stock(model.name, model.version_count),
    deploy: ref => command(CommandIDs.deploy, { ref }),
    showGraph: ref => command(CommandIDs.showGraph, { ref }),
    showLiveGraph: variable => command(CommandIDs.showGraph, { variable }),
    register: variable => command(CommandIDs.register, { variable }),
    lookForPipelines: () => void kernel?.look({ load: true }),
    productionize: () => command(CommandIDs.productionize),
    cancelRun: run => change(client.cancelRun(run.id)),
    runAgain: run =>
      change(
        client.startRun(run.job_id, run.parameters).then(next => view.reveal('jobs', next.id))
      ),
    openOutput: run => command(CommandIDs.openOutput, { run: run.id }),
    openNotebook: run => command(CommandIDs.openNotebook, { run: run.id }),
    openLog: run => command(CommandIDs.openLog, { run: run.id }),
    setScheduleActive: (schedule, active) => change(client.setScheduleActive(schedule.id, active)),
    setEndpointState: (endpoint, state) => change(client.setEndpointState(endpoint.name, state)),
    tryEndpoint: endpoint => command(CommandIDs.tryEndpoint, { endpoint: endpoint.name }),
    openEndpoint: endpoint => command(CommandIDs.openEndpoint, { endpoint: endpoint.name }),
    copy: text => Clipboard.copyToSystem(text)
  };
}
