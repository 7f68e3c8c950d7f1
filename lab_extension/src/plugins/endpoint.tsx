import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { MainAreaWidget } from '@jupyterlab/apputils';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';
import { ReactWidget } from '@jupyterlab/ui-components';

import { ArgSchemas, CommandIDs, isEndpointArgs } from '../commands';
import { redspotIcon } from '../icons';
import { IRedspotClient } from '../tokens';

const endpoint: JupyterFrontEndPlugin<void> = {
  id: '@redspot/lab:endpoint',
  description: 'Shows how an endpoint does in the main area, and what can be done about it.',
  autoStart: true,
  requires: [IRedspotClient],
  optional: [ITranslator],
  activate: (
    app: JupyterFrontEnd,
    client: IRedspotClient,
    translator: ITranslator | null
  ): void => {
    const trans = (translator ?? nullTranslator).load('redspot');
    app.commands.addCommand(CommandIDs.openEndpoint, {
      label: args =>
        isEndpointArgs(args) ? trans.__('Watch %1', args.endpoint) : trans.__('Watch an Endpoint'),
      icon: redspotIcon,
      describedBy: { args: ArgSchemas.endpoint },
      isEnabled: args => isEndpointArgs(args),
      execute: async args => {
        if (!isEndpointArgs(args)) {
          return;
        }
        const name = args.endpoint;
        const id = `redspot-endpoint-${name}`;
        const open = Array.from(app.shell.widgets('main')).find(widget => widget.id === id);
        if (open !== undefined) {
          app.shell.activateById(id);
          return;
        }
        const { EndpointDashboard } = await import('../components/EndpointDashboard');
        // The Jupyter server passes whole answers on, so it is asked again and again.
        const source = { call: client.askEndpoint.bind(client, name) };
        const content = ReactWidget.create(<EndpointDashboard name={name} source={source} />);
        content.addClass('rsp-DashboardPanel');
        const widget = new MainAreaWidget({ content });
        widget.id = id;
        widget.title.label = name;
        widget.title.caption = trans.__('Endpoint %1', name);
        widget.title.icon = redspotIcon;
        widget.title.closable = true;
        app.shell.add(widget, 'main');
      }
    });
  }
};

export default endpoint;
