import type { JupyterFrontEndPlugin } from '@jupyterlab/application';

import client from './plugins/client';
import kernelPipelines from './plugins/kernelPipelines';
import live from './plugins/live';
import runs from './plugins/runs';
import sidebar from './plugins/sidebar';

export * from './tokens';

/** One plugin per concern; each can be replaced alone. */
const plugins: JupyterFrontEndPlugin<unknown>[] = [client, live, kernelPipelines, sidebar, runs];

export default plugins;
