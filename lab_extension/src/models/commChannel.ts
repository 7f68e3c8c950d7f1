import type { Kernel } from '@jupyterlab/services';
import type { JSONObject } from '@lumino/coreutils';
import { PromiseDelegate, UUID } from '@lumino/coreutils';

import { isRecord, isText } from '../api/guard';
import { ProblemError } from '../api/problem';

/** The comm target that the kernel side registers. */
const TARGET = 'redspot';

/** The kernel does not know the comm target: its side is not loaded. */
export class CommAbsentError extends ProblemError {
  constructor() {
    super({ status: 0, code: ProblemError.KERNEL_ABSENT, detail: '' });
    this.name = 'CommAbsentError';
  }
}

/** Questions to the kernel and their answers, matched by id. Every question ends: answered, refused, or closed. */
export class CommChannel {
  constructor(kernel: Kernel.IKernelConnection) {
    this._comm = kernel.createComm(TARGET);
    this._comm.onMsg = message => {
      this._onAnswer(message.content.data);
    };
    this._comm.onClose = () => {
      this._refuseAll();
    };
    this._comm.open({});
  }

  ask(method: string, params: JSONObject): Promise<unknown> {
    if (this._comm.isDisposed || this._closed) {
      return Promise.reject(new CommAbsentError());
    }
    const id = UUID.uuid4();
    const waiting = new PromiseDelegate<unknown>();
    this._waiting.set(id, waiting);
    this._comm.send({ id, method, params });
    return waiting.promise;
  }

  dispose(): void {
    this._refuseAll();
    if (!this._comm.isDisposed) {
      this._comm.dispose();
    }
  }

  private _onAnswer(answer: unknown): void {
    if (!isRecord(answer) || !isText(answer['id'])) {
      return;
    }
    const waiting = this._waiting.get(answer['id']);
    this._waiting.delete(answer['id']);
    if (answer['ok'] === true) {
      waiting?.resolve(answer['value']);
      return;
    }
    const { code, detail } = answer;
    waiting?.reject(
      new ProblemError({
        status: 0,
        code: isText(code) ? code : ProblemError.UNREADABLE,
        detail: isText(detail) ? detail : ''
      })
    );
  }

  private _refuseAll(): void {
    this._closed = true;
    for (const waiting of this._waiting.values()) {
      waiting.reject(new CommAbsentError());
    }
    this._waiting.clear();
  }

  private readonly _comm: Kernel.IComm;
  private readonly _waiting = new Map<string, PromiseDelegate<unknown>>();
  private _closed = false;
}
