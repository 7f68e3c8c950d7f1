import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';

import { RedspotClient } from '../api/client';
import { IRedspotClient } from '../tokens';

const client: JupyterFrontEndPlugin<IRedspotClient> = {
  id: '@redspot/lab:client',
  description: 'Provides the client of the Redspot service.',
  autoStart: true,
  provides: IRedspotClient,
  activate: (app: JupyterFrontEnd): IRedspotClient =>
    new RedspotClient({ serverSettings: app.serviceManager.serverSettings })
};

export default client;
