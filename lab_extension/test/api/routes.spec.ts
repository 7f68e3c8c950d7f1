/** @jest-environment node */
import { ServerConnection } from '@jupyterlab/services';

import { paths } from '../../../server_extension/openapi.json';
import { RedspotClient } from '../../src/api/client';

const BASE = 'http://localhost/';

/** `GET /api/runs/{run_id}` and so on, as the service has them. */
const known = Object.entries(paths).flatMap(([path, verbs]) =>
  Object.keys(verbs).map(verb => `${verb.toUpperCase()} ${path.replace(/\{[^}]+\}/g, '*')}`)
);

/** Every call of the client, with `*` wherever a path has a name or id. */
const calls: readonly ((client: RedspotClient) => Promise<unknown>)[] = [
  client => client.status(),
  client => client.models(),
  client => client.versions('*'),
  client => client.version('*'),
  client => client.register('*', { pipeline: '', notebook: null, parameters: {}, metrics: {} }),
  client => client.setAlias('*', '*', 1),
  client => client.instanceTypes(),
  client => client.inspect({}),
  client => client.startRun('*', {}),
  client => client.runs(1),
  client => client.cancelRun('*'),
  client => client.runNotebook('*'),
  client => client.runLog('*'),
  client => fetchOnly(client.runHtmlUrl('*')),
  client => client.schedules(),
  client => client.addSchedule({ job_id: '*', cron: '', time_zone: 'UTC' }),
  client => client.setScheduleActive('*', true),
  client => client.preview('* * * * *', 'UTC', 1),
  client => client.endpoints(),
  client => client.deploy('*', { version: '', why: '', confirm: false }),
  client => client.setEndpointState('*', 'live'),
  client => client.predict('*', [])
];

let asked: string[] = [];

function note(method: string, url: string): void {
  asked.push(`${method} ${decodeURIComponent(new URL(url).pathname).replace('/redspot', '')}`);
}

function fetchOnly(url: string): Promise<void> {
  note('GET', url);
  return Promise.resolve();
}

beforeEach(() => {
  asked = [];
});

it.each(calls.map(call => [String(call).replace(/^client => /, ''), call] as const))(
  '%s asks a route that the service has',
  async (_, call) => {
    const serverSettings = ServerConnection.makeSettings({
      baseUrl: BASE,
      fetch: input => {
        const request = new Request(input);
        note(request.method, request.url);
        return Promise.resolve(new Response('{}', { status: 418 }));
      }
    });
    await call(new RedspotClient({ serverSettings })).catch(() => undefined);
    expect(asked).toHaveLength(1);
    expect(known).toContain(asked[0]);
  }
);
