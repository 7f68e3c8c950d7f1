import type { ISignal } from '@lumino/signaling';
import { Signal } from '@lumino/signaling';

import type * as wire from '../api/types';
import type { IRedspotClient } from '../tokens';

/** The versions of one model as far as they are known. */
export interface IShelf {
  readonly versions: readonly wire.Version[] | null;
  readonly error: unknown;
}

const EMPTY: IShelf = { versions: null, error: null };

/** Fetches the versions of the models that a person has opened; versions never change, so once is enough. */
export class VersionShelf {
  constructor(client: IRedspotClient) {
    this._client = client;
  }

  get changed(): ISignal<this, void> {
    return this._changed;
  }

  of(model: string): IShelf {
    return this._shelves.get(model) ?? EMPTY;
  }

  /** Fetch the versions of `model` unless those `count` are there already. */
  async stock(model: string, count: number): Promise<void> {
    if (this._asked.get(model) === count) {
      return;
    }
    this._asked.set(model, count);
    let shelf: IShelf;
    try {
      const page = await this._client.versions(model);
      shelf = { versions: page.items, error: null };
    } catch (error) {
      // Kept, to be shown where the versions would be; opening the model again asks again.
      this._asked.delete(model);
      shelf = { versions: this.of(model).versions, error };
    }
    this._shelves.set(model, shelf);
    this._changed.emit();
  }

  dispose(): void {
    Signal.clearData(this);
  }

  private readonly _client: IRedspotClient;
  private readonly _shelves = new Map<string, IShelf>();
  private readonly _asked = new Map<string, number>();
  private readonly _changed = new Signal<this, void>(this);
}
