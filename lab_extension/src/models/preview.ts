import type { IDisposable } from '@lumino/disposable';
import { Debouncer } from '@lumino/polling';
import type { ISignal } from '@lumino/signaling';
import { Signal } from '@lumino/signaling';

import type { IRedspotClient } from '../tokens';

/** Milliseconds of rest before the service is asked what a cron expression means. */
const TYPING_MS = 300;

const FIRES = 3;

/** When a cron expression fires next, asked while it is typed. */
export class FirePreviewer implements IDisposable {
  constructor(client: IRedspotClient) {
    this._client = client;
  }

  get changed(): ISignal<this, void> {
    return this._changed;
  }

  /** The next moments, UTC; empty while they are not known. */
  get fires(): readonly string[] {
    return this._fires;
  }

  /** Why the expression cannot be used, or null. */
  get error(): unknown {
    return this._error;
  }

  get isDisposed(): boolean {
    return this._debouncer.isDisposed;
  }

  explain(cron: string, zone: string): void {
    void this._debouncer.invoke(cron, zone);
  }

  dispose(): void {
    if (!this.isDisposed) {
      this._debouncer.dispose();
      Signal.clearData(this);
    }
  }

  private async _ask(cron: string, zone: string): Promise<void> {
    const asked = ++this._asked;
    let fires: readonly string[] = [];
    let error: unknown = null;
    try {
      fires = (await this._client.preview(cron, zone, FIRES)).fires;
    } catch (problem) {
      error = problem;
    }
    // An older question may be answered after a newer one.
    if (asked === this._asked && !this.isDisposed) {
      this._fires = fires;
      this._error = error;
      this._changed.emit();
    }
  }

  private readonly _client: IRedspotClient;
  private readonly _debouncer = new Debouncer<void, void, [string, string]>(
    (cron: string, zone: string) => this._ask(cron, zone),
    TYPING_MS
  );
  private _asked = 0;
  private _fires: readonly string[] = [];
  private _error: unknown = null;
  private readonly _changed = new Signal<this, void>(this);
}
