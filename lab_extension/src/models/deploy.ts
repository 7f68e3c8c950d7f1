import { ProblemError } from '../api/problem';
import type * as wire from '../api/types';
import type { IRedspotClient } from '../tokens';
import { FormModel } from './formModel';
import { isName } from './name';

/** Which endpoint shall serve a version: the state of the Deploy dialog. */
export class Deploy extends FormModel {
  constructor(options: Deploy.IOptions) {
    super();
    this._client = options.client;
    this.ref = options.ref;
    const model = options.ref.split('@')[0] ?? options.ref;
    const serving = options.endpoints.find(each => each.serving?.startsWith(`${model}@`));
    this._endpoint = serving?.name ?? model;
    this._endpoints = options.endpoints;
  }

  /** The version, such as `penguins@7`. */
  readonly ref: string;

  get endpoint(): string {
    return this._endpoint;
  }

  get why(): string {
    return this._why;
  }

  /** The endpoint as it is now, or null when deploying defines it. */
  get existing(): wire.Endpoint | null {
    return this._endpoints.find(each => each.name === this._endpoint) ?? null;
  }

  get isWrong(): boolean {
    return !isName(this._endpoint);
  }

  choose(change: { endpoint?: string; why?: string }): void {
    this._endpoint = change.endpoint ?? this._endpoint;
    this._why = change.why ?? this._why;
    this.tell();
  }

  /** Whether the version was refused because it has no recorded rows, so that sending it again confirms it. */
  get asksToConfirm(): boolean {
    return this.error instanceof ProblemError && this.error.code === 'unchecked-version';
  }

  submit(): Promise<wire.Endpoint | null> {
    const confirm = this.asksToConfirm;
    return this.attempt(() =>
      this._client.deploy(this._endpoint, { version: this.ref, why: this._why, confirm })
    );
  }

  private readonly _client: IRedspotClient;
  private readonly _endpoints: readonly wire.Endpoint[];
  private _endpoint: string;
  private _why = '';
}

export namespace Deploy {
  export interface IOptions {
    client: IRedspotClient;
    ref: string;
    endpoints: readonly wire.Endpoint[];
  }
}
