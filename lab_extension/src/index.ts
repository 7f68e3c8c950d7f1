import type { JupyterFrontEndPlugin } from '@jupyterlab/application';

import announcements from './plugins/announcements';
import client from './plugins/client';
import deploy from './plugins/deploy';
import endpoint from './plugins/endpoint';
import graph from './plugins/graph';
import kernelPipelines from './plugins/kernelPipelines';
import live from './plugins/live';
import palette from './plugins/palette';
import productionize from './plugins/productionize';
import register from './plugins/register';
import runs from './plugins/runs';
import sidebar from './plugins/sidebar';
import tryEndpoint from './plugins/tryEndpoint';

export * from './tokens';

/** One plugin per concern; each can be replaced alone. */
const plugins: JupyterFrontEndPlugin<unknown>[] = [
  client,
  live,
  kernelPipelines,
  sidebar,
  productionize,
  register,
  deploy,
  tryEndpoint,
  endpoint,
  graph,
  runs,
  announcements,
  palette
];

export default plugins;
