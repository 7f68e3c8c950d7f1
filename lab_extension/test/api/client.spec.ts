/** @jest-environment node */
import { ServerConnection } from '@jupyterlab/services';

import { RedspotClient } from '../../src/api/client';
import { ProblemError } from '../../src/api/problem';
import parameterType from '../recorded/parameter-type.json';
import run from '../recorded/run.json';

type Answer = { status?: number; body: string };

function answering(answer: Answer): { client: RedspotClient; asked: Request[] } {
  const asked: Request[] = [];
  const client = clientWith(input => {
    asked.push(new Request(input));
    return Promise.resolve(new Response(answer.body, { status: answer.status ?? 200 }));
  });
  return { client, asked };
}

function clientWith(fetch: ServerConnection.ISettings['fetch']): RedspotClient {
  const serverSettings = ServerConnection.makeSettings({
    baseUrl: 'http://localhost/user/ada/',
    fetch
  });
  return new RedspotClient({ serverSettings });
}

async function problemOfCall(call: Promise<unknown>): Promise<ProblemError> {
  const error: unknown = await call.then(
    () => null,
    (reason: unknown) => reason
  );
  if (!(error instanceof ProblemError)) {
    throw new Error(`expected a ProblemError, got ${String(error)}`);
  }
  return error;
}

describe('RedspotClient', () => {
  it('encodes what people typed into paths', async () => {
    const { client, asked } = answering({ status: 404, body: '{}' });
    await problemOfCall(client.version('a/../b@champion?'));
    expect(asked[0]?.url).toBe(
      'http://localhost/user/ada/redspot/api/versions/a%2F..%2Fb%40champion%3F'
    );
  });

  it('sends no query field that the service does not know', async () => {
    const { client, asked } = answering({
      body: '{"cron":"* * * * *","time_zone":"UTC","fires":[]}'
    });
    await client.preview('0 7 * * MON', 'Europe/Berlin', 3);
    const { searchParams } = new URL(asked[0]?.url ?? '');
    expect([...searchParams.entries()]).toEqual([
      ['cron', '0 7 * * MON'],
      ['time_zone', 'Europe/Berlin'],
      ['count', '3']
    ]);
  });

  it('gives the recorded run as it is', async () => {
    const { client } = answering({ body: JSON.stringify(run) });
    await expect(client.cancelRun('run_1')).resolves.toEqual(run);
  });

  it('turns a recorded problem into a ProblemError with its facts', async () => {
    const { client } = answering({ status: 400, body: JSON.stringify(parameterType) });
    const problem = await problemOfCall(client.startRun('job_1', {}));
    expect(problem.code).toBe('parameter-type');
    expect(problem.parameter).toBe('seed');
    expect(problem.detail).toContain("'seven'");
    expect(problem.outage).toBeNull();
  });

  it('refuses an answer of another shape', async () => {
    const { client } = answering({ body: JSON.stringify({ ...run, state: 'dreaming' }) });
    const problem = await problemOfCall(client.cancelRun('run_1'));
    expect(problem.code).toBe(ProblemError.UNREADABLE);
  });

  it('takes a 404 that is not the service’s for a missing server part', async () => {
    const page = answering({ status: 404, body: '<html>404</html>' });
    expect((await problemOfCall(page.client.status())).outage).toBe('missing');
    const jupyter = answering({ status: 404, body: '{"message":"Not Found","reason":null}' });
    expect((await problemOfCall(jupyter.client.status())).outage).toBe('missing');
  });

  it('takes a gateway’s answer, or none, for a service out of reach', async () => {
    const gateway = answering({ status: 502, body: '<html>Bad Gateway</html>' });
    expect((await problemOfCall(gateway.client.status())).outage).toBe('unreachable');
    const offline = clientWith(() => Promise.reject(new TypeError('Failed to fetch')));
    expect((await problemOfCall(offline.status())).outage).toBe('unreachable');
  });
});
