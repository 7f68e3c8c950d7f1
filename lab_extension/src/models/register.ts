import type * as wire from '../api/types';
import type { IKernelPipelines, IRedspotClient } from '../tokens';
import { FormModel } from './formModel';
import { isName, nameOf } from './name';

/** Which pipeline of the kernel becomes a version of which model: the state of the Register dialog. */
export class Register extends FormModel {
  constructor(options: Register.IOptions) {
    super();
    this._client = options.client;
    this._kernel = options.kernel;
    this.variables = options.kernel.pipelines
      .filter(pipeline => pipeline.fitted)
      .map(pipeline => pipeline.variable);
    this._variable = options.variable ?? this.variables[0] ?? '';
    this._model = nameOf(options.kernel.notebookName);
  }

  /** Variables that hold a fitted pipeline. */
  readonly variables: readonly string[];

  get variable(): string {
    return this._variable;
  }

  get model(): string {
    return this._model;
  }

  get isWrong(): boolean {
    return !isName(this._model);
  }

  choose(change: { variable?: string; model?: string }): void {
    this._variable = change.variable ?? this._variable;
    this._model = change.model ?? this._model;
    this.tell();
  }

  /** Let the kernel write the pipeline file, and register it with the notebook as it is now. */
  submit(): Promise<wire.Version | null> {
    return this.attempt(async () => {
      const saved = await this._kernel.save(this._variable);
      return this._client.register(this._model, {
        pipeline: saved.content,
        metrics: saved.metrics,
        notebook: this._kernel.notebook(),
        parameters: {}
      });
    });
  }

  private readonly _client: IRedspotClient;
  private readonly _kernel: IKernelPipelines;
  private _variable: string;
  private _model: string;
}

export namespace Register {
  export interface IOptions {
    client: IRedspotClient;
    kernel: IKernelPipelines;
    /** The variable to begin with. */
    variable?: string;
  }
}
