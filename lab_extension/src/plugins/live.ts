import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';

import { Live } from '../models/live';
import { ILive, IRedspotClient } from '../tokens';

const live: JupyterFrontEndPlugin<ILive> = {
  id: '@redspot/lab:live',
  description: 'Provides what was last seen of the Redspot service, kept fresh by one poll.',
  autoStart: true,
  requires: [IRedspotClient],
  provides: ILive,
  activate: (_app: JupyterFrontEnd, client: IRedspotClient): ILive => new Live({ client })
};

export default live;
