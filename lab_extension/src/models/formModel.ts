import type { IDisposable } from '@lumino/disposable';
import type { ISignal } from '@lumino/signaling';
import { Signal } from '@lumino/signaling';

/** State behind a form that is sent, may be refused, and then stays as it was. */
export abstract class FormModel implements IDisposable {
  get changed(): ISignal<this, void> {
    return this._changed;
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  /** Whether an answer is awaited. */
  get busy(): boolean {
    return this._busy;
  }

  /** Why the last try failed, or null. */
  get error(): unknown {
    return this._error;
  }

  dispose(): void {
    if (!this._isDisposed) {
      this._isDisposed = true;
      Signal.clearData(this);
    }
  }

  /** Wait for `doing`; null when it failed, and `error` says why. */
  protected async attempt<T>(doing: () => Promise<T>): Promise<T | null> {
    this._busy = true;
    this._error = null;
    this.tell();
    try {
      return await doing();
    } catch (error) {
      this._error = error;
      return null;
    } finally {
      this._busy = false;
      this.tell();
    }
  }

  protected forgive(): void {
    this._error = null;
  }

  protected tell(): void {
    if (!this._isDisposed) {
      this._changed.emit();
    }
  }

  private _isDisposed = false;
  private _busy = false;
  private _error: unknown = null;
  private readonly _changed = new Signal<this, void>(this);
}
