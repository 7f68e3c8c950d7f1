import { ProblemError } from '../../src/api/problem';
import { isRun } from '../../src/api/shapes';
import type { Endpoint, Model, Run, Schedule, Status } from '../../src/api/types';
import { Live } from '../../src/models/live';
import { justEnded, runDuration, runShare } from '../../src/models/run';
import type { ISnapshot } from '../../src/tokens';
import recorded from '../recorded/run.json';
import { clientOf, pageOf } from '../stub';

function run(change: Partial<Run> = {}): Run {
  const value: unknown = { ...recorded, ...change };
  if (!isRun(value)) {
    throw new Error('the recorded run does not fit');
  }
  return value;
}

const STATUS: Status = {
  version: '0.1.0',
  host: 'embedded',
  caller: 'ada',
  rights: ['read', 'author'],
  trust: '',
  isolates: 'none',
  schedules_note: '',
  router_url: '',
  router_ok: true,
  time_zone: 'UTC',
  counts: {}
};

/** A service whose runs a test changes between two looks. */
function service(runs: () => Promise<Run[]>): { live: Live; seen: ISnapshot[] } {
  const client = clientOf({
    status: () => Promise.resolve({ ...STATUS }),
    models: () => Promise.resolve(pageOf<Model>()),
    runs: async () => pageOf(...(await runs())),
    schedules: () => Promise.resolve(pageOf<Schedule>()),
    endpoints: () => Promise.resolve(pageOf<Endpoint>())
  });
  const live = new Live({ client, auto: false });
  const seen: ISnapshot[] = [];
  live.changed.connect((_, snapshot) => {
    seen.push(snapshot);
  });
  return { live, seen };
}

describe('Live', () => {
  it('keeps the identity of what has not changed, and tells nothing then', async () => {
    let runs = [run({ id: 'a' }), run({ id: 'b' })];
    const { live, seen } = service(() => Promise.resolve(runs));
    await live.refresh();
    const [a, b] = live.snapshot.runs;
    runs = [run({ id: 'a' }), run({ id: 'b' })];
    await live.refresh();
    expect(seen).toHaveLength(1);
    runs = [run({ id: 'a', state: 'succeeded' }), run({ id: 'b' })];
    await live.refresh();
    expect(seen).toHaveLength(2);
    expect(live.snapshot.runs[0]).not.toBe(a);
    expect(live.snapshot.runs[1]).toBe(b);
    live.dispose();
  });

  it('looks often while a run goes on, and seldom afterwards', async () => {
    let runs = [run()];
    const { live } = service(() => Promise.resolve(runs));
    await live.refresh();
    expect(live.interval).toBe(2_000);
    runs = [run({ state: 'succeeded' })];
    await live.refresh();
    expect(live.interval).toBe(10_000);
    live.dispose();
  });

  it('keeps what was known when the service goes away, and forgets the trouble when it is back', async () => {
    let down = false;
    const { live, seen } = service(() =>
      down
        ? Promise.reject(
            new ProblemError({ status: 502, code: ProblemError.UNREACHABLE, detail: '' })
          )
        : Promise.resolve([run()])
    );
    await live.refresh();
    down = true;
    await live.refresh();
    await live.refresh();
    expect(seen).toHaveLength(2);
    expect(live.snapshot.problem?.outage).toBe('unreachable');
    expect(live.snapshot.runs).toHaveLength(1);
    down = false;
    await live.refresh();
    expect(live.snapshot.problem).toBeNull();
    live.dispose();
  });

  it('can be disposed twice', () => {
    const { live } = service(() => Promise.resolve([]));
    live.dispose();
    live.dispose();
    expect(live.isDisposed).toBe(true);
  });
});

describe('a run', () => {
  it('is announced once, when it ends', () => {
    const before = [run({ id: 'a' }), run({ id: 'b', state: 'succeeded' })];
    const after = [run({ id: 'a', state: 'failed' }), run({ id: 'b', state: 'succeeded' })];
    expect(justEnded(before, after).map(each => each.id)).toEqual(['a']);
    expect(justEnded(after, after)).toEqual([]);
    expect(justEnded([], after)).toEqual([]);
  });

  it('tells its share and how long it takes', () => {
    expect(runShare(run())).toBeCloseTo(3 / 7);
    expect(runShare(run({ progress: null }))).toBeNull();
    expect(runDuration(run(), Date.parse('2026-11-23T10:00:05Z'))).toBe(5_000);
    expect(runDuration(run({ started_at: null }), 0)).toBeNull();
  });
});
