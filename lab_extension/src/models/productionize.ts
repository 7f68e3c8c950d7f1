import { ProblemError } from '../api/problem';
import type * as wire from '../api/types';
import type { IRedspotClient } from '../tokens';
import { FormModel } from './formModel';
import { isName, nameOf } from './name';
import type { IField } from './parameterField';
import { fieldOf, readField, readFields } from './parameterField';
import { FirePreviewer } from './preview';
import { browserZone } from './time';

/** What a person chooses in the dialog, apart from the parameters. */
export interface IChoices {
  readonly name: string;
  readonly instanceType: string;
  readonly runNow: boolean;
  readonly scheduled: boolean;
  readonly cron: string;
  readonly zone: string;
  readonly registers: boolean;
  readonly registerAs: string;
  /** Variable that holds the pipeline; empty when there is just one. */
  readonly variable: string;
  readonly deploys: boolean;
  readonly deployTo: string;
}

/** What came of it. */
export interface ISubmitted {
  readonly job: wire.Job;
  readonly run: wire.Run | null;
  readonly schedule: wire.Schedule | null;
}

/** The fields of `IChoices` that can be wrong. */
export type WrongChoice = 'name' | 'registerAs' | 'deployTo' | 'cron' | 'nothing';

/** From a notebook's content to a job: the state of the Productionize dialog. */
export class Productionize extends FormModel {
  constructor(options: Productionize.IOptions) {
    super();
    this._client = options.client;
    this._notebook = options.notebook;
    this.notebookName = options.notebookName;
    const name = nameOf(options.notebookName);
    this._choices = {
      name,
      instanceType: '',
      runNow: true,
      scheduled: false,
      cron: '0 7 * * *',
      zone: browserZone(),
      registers: false,
      registerAs: name,
      variable: '',
      deploys: false,
      deployTo: name
    };
    this.preview = new FirePreviewer(options.client);
    this.preview.changed.connect(this._onPreview, this);
  }

  readonly notebookName: string;
  readonly preview: FirePreviewer;

  /** What the notebook declares; null until it has been read. */
  get facts(): wire.NotebookFacts | null {
    return this._facts;
  }

  get instanceTypes(): readonly wire.InstanceType[] {
    return this._instanceTypes;
  }

  get fields(): readonly IField[] {
    return this._fields;
  }

  get choices(): IChoices {
    return this._choices;
  }

  /** What the service said about a parameter, by its name. */
  serverWord(parameter: string): string {
    const { error } = this;
    return error instanceof ProblemError && error.parameter === parameter ? error.detail : '';
  }

  /** Which choices cannot be used as they are. */
  get wrong(): ReadonlySet<WrongChoice> {
    const { name, registers, registerAs, deploys, deployTo, scheduled, runNow } = this._choices;
    const wrong = new Set<WrongChoice>();
    if (!isName(name)) {
      wrong.add('name');
    }
    if (registers && !isName(registerAs)) {
      wrong.add('registerAs');
    }
    if (registers && deploys && !isName(deployTo)) {
      wrong.add('deployTo');
    }
    if (scheduled && (this.preview.error !== null || this.preview.fires.length === 0)) {
      wrong.add('cron');
    }
    if (!runNow && !scheduled) {
      wrong.add('nothing');
    }
    return wrong;
  }

  get canSubmit(): boolean {
    return (
      !this.busy &&
      this._facts !== null &&
      this.wrong.size === 0 &&
      this._fields.every(field => readField(field).ok)
    );
  }

  /** Read the notebook's parameters and what it can run on. */
  async inspect(): Promise<void> {
    const found = await this.attempt(() =>
      Promise.all([this._client.inspect(this._notebook), this._client.instanceTypes()])
    );
    if (found !== null) {
      const [facts, types] = found;
      this._facts = facts;
      this._fields = facts.parameters.map(fieldOf);
      this._instanceTypes = types.items;
      this.choose({ instanceType: types.items[0]?.name ?? '' });
    }
  }

  choose(change: Partial<IChoices>): void {
    this._choices = { ...this._choices, ...change };
    const { scheduled, cron, zone } = this._choices;
    if (scheduled && ('scheduled' in change || 'cron' in change || 'zone' in change)) {
      this.preview.explain(cron, zone);
    }
    this.tell();
  }

  edit(name: string, change: Partial<Pick<IField, 'text' | 'none'>>): void {
    this._fields = this._fields.map(field =>
      field.parameter.name === name ? { ...field, ...change } : field
    );
    if (this.error instanceof ProblemError && this.error.parameter === name) {
      this.forgive();
    }
    this.tell();
  }

  /** Freeze the job, then start and schedule it as chosen; null when that was refused, and `error` says why. */
  async submit(): Promise<ISubmitted | null> {
    const values = readFields(this._fields);
    if (!this.canSubmit || values === null) {
      return null;
    }
    return this.attempt(() => this._send(values));
  }

  override dispose(): void {
    this.preview.dispose();
    super.dispose();
  }

  private async _send(values: wire.JsonRecord): Promise<ISubmitted> {
    const { name, instanceType, runNow, scheduled, cron, zone } = this._choices;
    const job = await this._client.addJob({
      name,
      notebook: this._notebook,
      notebook_name: this.notebookName,
      values,
      instance_type: instanceType,
      outcome: this._outcome(),
      timeout_s: null
    });
    // The same content again is the same job, so a retry after a failure below makes no second one.
    const schedule = scheduled
      ? await this._client.addSchedule({ job_id: job.id, cron, time_zone: zone })
      : null;
    const run = runNow ? await this._client.startRun(job.id, {}) : null;
    return { job, run, schedule };
  }

  private _outcome(): wire.JobIn['outcome'] {
    const { registers, registerAs, variable, deploys, deployTo } = this._choices;
    return {
      register_as: registers ? registerAs : null,
      variable: registers && variable.trim() !== '' ? variable.trim() : null,
      deploy_to: registers && deploys ? deployTo : null
    };
  }

  private _onPreview(): void {
    this.tell();
  }

  private readonly _client: IRedspotClient;
  private readonly _notebook: wire.JsonRecord;
  private _facts: wire.NotebookFacts | null = null;
  private _instanceTypes: readonly wire.InstanceType[] = [];
  private _fields: readonly IField[] = [];
  private _choices: IChoices;
}

export namespace Productionize {
  export interface IOptions {
    client: IRedspotClient;
    notebook: wire.JsonRecord;
    notebookName: string;
  }
}
