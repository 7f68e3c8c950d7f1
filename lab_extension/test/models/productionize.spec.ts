import { ProblemError, problemOf } from '../../src/api/problem';
import { isNotebookFacts, isRun } from '../../src/api/shapes';
import type { Job, JobIn, NotebookFacts, Run, Schedule } from '../../src/api/types';
import { Productionize } from '../../src/models/productionize';
import recordedFacts from '../recorded/notebook-facts.json';
import parameterType from '../recorded/parameter-type.json';
import recordedRun from '../recorded/run.json';
import { clientOf, pageOf } from '../stub';

const ARTIFACT = { digest: 'sha256:0', size_bytes: 1, media_type: 'x', name: 'n' };
const ENVIRONMENT = { image: 'process', lock: '', instance_type: '', python: '', platform: '' };

function facts(): NotebookFacts {
  const value: unknown = recordedFacts;
  if (!isNotebookFacts(value)) {
    throw new Error('the recorded facts do not fit');
  }
  return value;
}

function run(): Run {
  const value: unknown = recordedRun;
  if (!isRun(value)) {
    throw new Error('the recorded run does not fit');
  }
  return value;
}

function job(sent: JobIn): Job {
  return {
    id: 'job_1',
    name: sent.name,
    owner: 'ada',
    notebook: ARTIFACT,
    parameters: [],
    values: {},
    environment: ENVIRONMENT,
    outcome: { register: null, variable: null, deploy: null },
    timeout_s: null,
    created_at: '2026-11-23T10:00:00Z',
    last_run_id: null,
    last_run_state: null
  };
}

interface ISent {
  jobs: JobIn[];
  runs: string[];
  schedules: { job_id: string; cron: string; time_zone: string }[];
}

async function dialog(refuse?: () => ProblemError): Promise<[Productionize, ISent]> {
  const sent: ISent = { jobs: [], runs: [], schedules: [] };
  const client = clientOf({
    inspect: () => Promise.resolve(facts()),
    instanceTypes: () =>
      Promise.resolve(pageOf({ name: 'cpu.small', cpu: 1, memory_bytes: 1, description: '' })),
    preview: (cron, zone) =>
      cron === 'never'
        ? Promise.reject(
            new ProblemError({ status: 400, code: 'invalid-cron', detail: 'It never fires.' })
          )
        : Promise.resolve({ cron, time_zone: zone, fires: ['2026-11-24T07:00:00Z'] }),
    addJob: body => {
      sent.jobs.push(body);
      return refuse === undefined ? Promise.resolve(job(body)) : Promise.reject(refuse());
    },
    startRun: id => {
      sent.runs.push(id);
      return Promise.resolve(run());
    },
    addSchedule: body => {
      sent.schedules.push(body);
      return Promise.resolve<Schedule>({
        ...body,
        id: 'sch_1',
        job_name: '',
        owner: 'ada',
        active: true,
        created_at: '',
        next_fire: null,
        last_fire: null,
        fired: 0,
        skipped: 0
      });
    }
  });
  const model = new Productionize({
    client,
    notebook: { cells: [] },
    notebookName: 'Train Penguins.ipynb'
  });
  await model.inspect();
  return [model, sent];
}

/** Resolve once the preview has answered. */
function explained(model: Productionize): Promise<void> {
  return new Promise(resolve => {
    model.preview.changed.connect(() => {
      resolve();
    });
  });
}

describe('Productionize', () => {
  it('runs the notebook under a name made from its file', async () => {
    const [model, sent] = await dialog();
    expect(model.canSubmit).toBe(true);
    model.edit('seed', { text: '11' });
    const done = await model.submit();
    expect(sent.jobs[0]).toMatchObject({
      name: 'train-penguins',
      values: { seed: 11 },
      instance_type: 'cpu.small',
      outcome: { register_as: null, variable: null, deploy_to: null }
    });
    expect(sent.runs).toEqual(['job_1']);
    expect(done?.schedule).toBeNull();
    model.dispose();
  });

  it('schedules once the cron expression is explained', async () => {
    const [model, sent] = await dialog();
    const answered = explained(model);
    model.choose({ scheduled: true, runNow: false, cron: '0 7 * * *', zone: 'Europe/Berlin' });
    expect(model.wrong.has('cron')).toBe(true);
    await answered;
    expect(model.wrong.size).toBe(0);
    const done = await model.submit();
    expect(done?.run).toBeNull();
    expect(sent.runs).toEqual([]);
    expect(sent.schedules).toEqual([
      { job_id: 'job_1', cron: '0 7 * * *', time_zone: 'Europe/Berlin' }
    ]);
    model.dispose();
  });

  it('refuses a cron expression that the service refuses', async () => {
    const [model, sent] = await dialog();
    const answered = explained(model);
    model.choose({ scheduled: true, cron: 'never' });
    await answered;
    expect(model.wrong.has('cron')).toBe(true);
    expect(await model.submit()).toBeNull();
    expect(sent.jobs).toEqual([]);
    model.dispose();
  });

  it('forgets the outcome that was switched off', async () => {
    const [model, sent] = await dialog();
    model.choose({ registers: true, registerAs: 'penguins', deploys: true, deployTo: 'live' });
    model.choose({ registers: false });
    await model.submit();
    expect(sent.jobs[0]?.outcome).toEqual({ register_as: null, variable: null, deploy_to: null });
    model.dispose();
  });

  it('stays, with the service’s word at the field that it names', async () => {
    const [model] = await dialog(() => problemOf(400, parameterType));
    expect(await model.submit()).toBeNull();
    expect(model.serverWord('seed')).toContain("'seven'");
    expect(model.serverWord('test_share')).toBe('');
    expect(model.canSubmit).toBe(true);
    model.edit('seed', { text: '8' });
    expect(model.serverWord('seed')).toBe('');
    model.dispose();
  });

  it.each([
    ['name', { name: '-x' }],
    ['registerAs', { registers: true, registerAs: '' }],
    ['deployTo', { registers: true, deploys: true, deployTo: 'a b' }],
    ['nothing', { runNow: false }]
  ] as const)('points at %s', async (wrong, choices) => {
    const [model] = await dialog();
    model.choose(choices);
    expect([...model.wrong]).toEqual([wrong]);
    expect(model.canSubmit).toBe(false);
    model.dispose();
  });
});
