import type { NotebookPanel } from '@jupyterlab/notebook';
import type { JSONObject } from '@lumino/coreutils';
import type { ISignal } from '@lumino/signaling';
import { Signal } from '@lumino/signaling';

import { isFlag, isNumber, isRecord, isText, listOf, recordOf, shape } from '../api/guard';
import { ProblemError } from '../api/problem';
import type { JsonRecord } from '../api/types';
import type { IKernelPipelines, IPipelineInfo, ISavedPipeline, KernelPhase } from '../tokens';
import { CommAbsentError, CommChannel } from './commChannel';

const isPipeline = shape<IPipelineInfo>({
  variable: isText,
  fitted: isFlag,
  steps: isNumber,
  columns: listOf(isText),
  metrics: recordOf(isNumber)
});
const isPipelineList = listOf(isPipeline);
const isSavedList = listOf(shape<ISavedPipeline>({ content: isText, metrics: recordOf(isNumber) }));

/** Follows the current notebook and asks its kernel for pipelines. */
export class KernelPipelines implements IKernelPipelines {
  get phase(): KernelPhase {
    return this._phase;
  }

  get pipelines(): readonly IPipelineInfo[] {
    return this._pipelines;
  }

  get error(): unknown {
    return this._error;
  }

  get notebookName(): string {
    return this._panel?.title.label ?? '';
  }

  get changed(): ISignal<this, void> {
    return this._changed;
  }

  notebook(): JsonRecord | null {
    const content: unknown = this._panel?.context.model.toJSON();
    return isRecord(content) ? content : null;
  }

  /** Follow another notebook, or none. */
  follow(panel: NotebookPanel | null): void {
    if (panel === this._panel) {
      return;
    }
    this._release();
    this._panel = panel;
    if (panel !== null) {
      panel.sessionContext.kernelChanged.connect(this._onKernelChanged, this);
      panel.title.changed.connect(this._onTitleChanged, this);
      panel.disposed.connect(this._onPanelDisposed, this);
    }
    this._onKernelChanged();
  }

  async look(options: { load: boolean }): Promise<void> {
    const kernel = this._panel?.sessionContext.session?.kernel ?? null;
    if (kernel === null) {
      this._become(this._panel === null ? 'no-notebook' : 'no-kernel');
      return;
    }
    const asked = ++this._asked;
    this._become('looking', this._pipelines);
    try {
      if (options.load && this._channel === null) {
        // The magic registers the comm target; nothing of it enters the notebook or its history.
        await kernel.requestExecute({
          code: '%load_ext redspot_kernels',
          silent: true,
          store_history: false
        }).done;
      }
      const channel = (this._channel ??= new CommChannel(kernel));
      const found = await channel.ask('list_pipelines', {});
      if (asked === this._asked) {
        this._show(found);
      }
    } catch (error) {
      if (asked === this._asked) {
        this._fail(error, options.load);
      }
    }
  }

  async save(variable: string): Promise<ISavedPipeline> {
    const answer = await this._ask('save_pipelines', { inline: true, variable });
    const [saved] = isSavedList(answer) ? answer : [];
    if (saved === undefined) {
      throw unreadable('save_pipelines');
    }
    return saved;
  }

  describe(variable: string): Promise<unknown> {
    return this._ask('describe', { variable });
  }

  dispose(): void {
    this._release();
    Signal.clearData(this);
  }

  private _ask(method: string, params: JSONObject): Promise<unknown> {
    return this._channel === null
      ? Promise.reject(new CommAbsentError())
      : this._channel.ask(method, params);
  }

  private _show(found: unknown): void {
    if (isPipelineList(found)) {
      this._become('ready', found);
    } else {
      this._fail(unreadable('list_pipelines'), true);
    }
  }

  private _fail(error: unknown, loaded: boolean): void {
    this._closeChannel();
    if (error instanceof CommAbsentError && !loaded) {
      this._become('not-loaded');
    } else {
      this._become('failed', [], error);
    }
  }

  private _become(
    phase: KernelPhase,
    pipelines: readonly IPipelineInfo[] = [],
    error: unknown = null
  ): void {
    this._phase = phase;
    this._pipelines = pipelines;
    this._error = error;
    this._changed.emit();
  }

  private _onKernelChanged(): void {
    this._closeChannel();
    this._asked++;
    this._pipelines = [];
    void this.look({ load: false });
  }

  private _onTitleChanged(): void {
    this._changed.emit();
  }

  private _onPanelDisposed(): void {
    this.follow(null);
  }

  private _release(): void {
    this._closeChannel();
    this._panel?.sessionContext.kernelChanged.disconnect(this._onKernelChanged, this);
    this._panel?.title.changed.disconnect(this._onTitleChanged, this);
    this._panel?.disposed.disconnect(this._onPanelDisposed, this);
    this._panel = null;
  }

  private _closeChannel(): void {
    this._channel?.dispose();
    this._channel = null;
  }

  private _panel: NotebookPanel | null = null;
  private _channel: CommChannel | null = null;
  private _phase: KernelPhase = 'no-notebook';
  private _pipelines: readonly IPipelineInfo[] = [];
  private _error: unknown = null;
  private _asked = 0;
  private readonly _changed = new Signal<this, void>(this);
}

function unreadable(method: string): ProblemError {
  return new ProblemError({ status: 0, code: ProblemError.UNREADABLE, detail: method });
}
