import type { IDisposable } from '@lumino/disposable';
import { Poll } from '@lumino/polling';
import type { ISignal } from '@lumino/signaling';
import { Signal } from '@lumino/signaling';

import { ProblemError } from '../api/problem';
import type * as wire from '../api/types';
import type { ILive, IRedspotClient, ISnapshot } from '../tokens';
import { isRunActive } from './run';

/** Milliseconds between two looks while something is going on, and while nothing is. */
const BUSY_MS = 2_000;
const IDLE_MS = 10_000;

const RUNS_SHOWN = 30;

const NOTHING: ISnapshot = {
  problem: null,
  known: false,
  status: null,
  models: [],
  runs: [],
  schedules: [],
  endpoints: []
};

/** The one poll of the page. */
export class Live implements ILive, IDisposable {
  constructor(options: Live.IOptions) {
    this._client = options.client;
    this._poll = new Poll({
      name: '@redspot/lab:live',
      auto: options.auto ?? true,
      standby: 'when-hidden',
      frequency: { interval: IDLE_MS, backoff: false, max: 60_000 },
      factory: () => this._look()
    });
  }

  get snapshot(): ISnapshot {
    return this._snapshot;
  }

  get changed(): ISignal<this, ISnapshot> {
    return this._changed;
  }

  get isDisposed(): boolean {
    return this._poll.isDisposed;
  }

  /** Milliseconds until the next look. */
  get interval(): number {
    return this._poll.frequency.interval;
  }

  async refresh(): Promise<void> {
    await this._poll.refresh();
    await this._poll.tick;
  }

  dispose(): void {
    if (this.isDisposed) {
      return;
    }
    this._poll.dispose();
    Signal.clearData(this);
  }

  private async _look(): Promise<void> {
    const next = await this._ask();
    if (this.isDisposed) {
      return;
    }
    const interval = isBusy(next) ? BUSY_MS : IDLE_MS;
    if (interval !== this._poll.frequency.interval) {
      this._poll.frequency = { ...this._poll.frequency, interval };
    }
    if (next !== this._snapshot) {
      this._snapshot = next;
      this._changed.emit(next);
    }
  }

  /** The snapshot after a look; the very same object when nothing has changed. */
  private async _ask(): Promise<ISnapshot> {
    const before = this._snapshot;
    try {
      const [status, models, runs, schedules, endpoints] = await Promise.all([
        this._client.status(),
        this._client.models(),
        this._client.runs(RUNS_SHOWN),
        this._client.schedules(),
        this._client.endpoints()
      ]);
      return kept(before, {
        problem: null,
        known: true,
        status: same(before.status, status) ? before.status : status,
        models: keptList(before.models, models.items, model => model.name),
        runs: keptList(before.runs, runs.items, run => run.id),
        schedules: keptList(before.schedules, schedules.items, schedule => schedule.id),
        endpoints: keptList(before.endpoints, endpoints.items, endpoint => endpoint.name)
      });
    } catch (error) {
      if (!(error instanceof ProblemError)) {
        throw error;
      }
      return before.problem?.code === error.code ? before : { ...before, problem: error };
    }
  }

  private readonly _client: IRedspotClient;
  private readonly _poll: Poll<void>;
  private _snapshot: ISnapshot = NOTHING;
  private readonly _changed = new Signal<this, ISnapshot>(this);
}

export namespace Live {
  export interface IOptions {
    client: IRedspotClient;
    /** Whether to begin at once; false in tests. */
    auto?: boolean;
  }
}

/** Whether something is going on that a person waits for. */
export function isBusy(snapshot: ISnapshot): boolean {
  return (
    snapshot.problem === null &&
    (snapshot.runs.some(isRunActive) || snapshot.endpoints.some(isSettling))
  );
}

function isSettling(endpoint: wire.Endpoint): boolean {
  return endpoint.deployment?.state === 'starting';
}

function same(before: object | null, after: object): boolean {
  return before !== null && JSON.stringify(before) === JSON.stringify(after);
}

/** The new list, with the old objects where nothing changed, so that rows need no new drawing. */
function keptList<T extends object>(
  before: readonly T[],
  after: readonly T[],
  key: (item: T) => string
): readonly T[] {
  const old = new Map(before.map(item => [key(item), item]));
  const merged = after.map(item => {
    const known = old.get(key(item));
    return known !== undefined && same(known, item) ? known : item;
  });
  const unchanged =
    merged.length === before.length && merged.every((item, index) => item === before[index]);
  return unchanged ? before : merged;
}

function kept(before: ISnapshot, after: ISnapshot): ISnapshot {
  const unchanged =
    before.problem === after.problem &&
    before.known === after.known &&
    before.status === after.status &&
    before.models === after.models &&
    before.runs === after.runs &&
    before.schedules === after.schedules &&
    before.endpoints === after.endpoints;
  return unchanged ? before : after;
}
