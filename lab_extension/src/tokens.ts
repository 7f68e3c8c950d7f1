import { Token } from '@lumino/coreutils';
import type { ISignal } from '@lumino/signaling';
import type { ICall } from '@redspot/pictures';

import type { ProblemError } from './api/problem';
import type * as wire from './api/types';

/** Speaks to the Redspot service. Every method rejects with a `ProblemError`. */
export interface IRedspotClient {
  status(): Promise<wire.Status>;
  models(): Promise<wire.IPage<wire.Model>>;
  versions(model: string): Promise<wire.IPage<wire.Version>>;
  version(ref: string): Promise<wire.Version>;
  register(model: string, version: wire.VersionIn): Promise<wire.Version>;
  setAlias(model: string, alias: string, number: number): Promise<wire.Model>;
  instanceTypes(): Promise<wire.IPage<wire.InstanceType>>;
  inspect(notebook: wire.JsonRecord): Promise<wire.NotebookFacts>;
  addJob(job: wire.JobIn): Promise<wire.Job>;
  startRun(jobId: string, values: wire.JsonRecord): Promise<wire.Run>;
  runs(limit: number): Promise<wire.IPage<wire.Run>>;
  cancelRun(id: string): Promise<wire.Run>;
  runNotebook(id: string): Promise<wire.JsonRecord>;
  runLog(id: string): Promise<wire.LogTail>;
  /** Where the run's HTML is; to be shown in a sandbox only. */
  runHtmlUrl(id: string): string;
  schedules(): Promise<wire.IPage<wire.Schedule>>;
  addSchedule(schedule: wire.ScheduleIn): Promise<wire.Schedule>;
  setScheduleActive(id: string, active: boolean): Promise<wire.Schedule>;
  preview(cron: string, timeZone: string, count: number): Promise<wire.FirePreview>;
  endpoints(): Promise<wire.IPage<wire.Endpoint>>;
  deploy(endpoint: string, deployment: wire.DeploymentIn): Promise<wire.Endpoint>;
  setEndpointState(endpoint: string, state: wire.EndpointState): Promise<wire.Endpoint>;
  predict(endpoint: string, rows: readonly wire.JsonRecord[]): Promise<wire.Prediction>;
  /** What an endpoint's dashboard asks; it looks at the answers itself. */
  askEndpoint(endpoint: string, call: ICall): Promise<unknown>;
}

export const IRedspotClient = new Token<IRedspotClient>(
  '@redspot/lab:IRedspotClient',
  'Speaks to the Redspot service: models, jobs, runs, schedules and endpoints.'
);

/** What was last seen of the service. Unchanged items keep their identity. */
export interface ISnapshot {
  /** `null` while all is well; then what is shown is as fresh as the last answer. */
  readonly problem: ProblemError | null;
  /** Whether an answer has ever come. */
  readonly known: boolean;
  readonly status: wire.Status | null;
  readonly models: readonly wire.Model[];
  readonly runs: readonly wire.Run[];
  readonly schedules: readonly wire.Schedule[];
  readonly endpoints: readonly wire.Endpoint[];
}

/** Follows the service: one poll for the whole page. */
export interface ILive {
  readonly snapshot: ISnapshot;
  readonly changed: ISignal<this, ISnapshot>;
  /** Ask now, and resolve once the answer is in the snapshot. */
  refresh(): Promise<void>;
}

export const ILive = new Token<ILive>(
  '@redspot/lab:ILive',
  'Follows models, runs, schedules and endpoints, and tells when they have changed.'
);

/** A part of the sidebar. */
export type SectionId = 'notebook' | 'models' | 'jobs' | 'endpoints';

/** The Redspot sidebar. */
export interface ISidebar {
  /** Show the sidebar with a section open, and point at one of its items. */
  reveal(section: SectionId, itemId?: string): void;
}

export const ISidebar = new Token<ISidebar>(
  '@redspot/lab:ISidebar',
  'Shows the Redspot sidebar and points at one of its items.'
);

/** A pipeline that is alive in a kernel. */
export interface IPipelineInfo {
  readonly variable: string;
  readonly fitted: boolean;
  /** How many steps it has. */
  readonly steps: number;
  /** The raw columns that it reads. */
  readonly columns: readonly string[];
  readonly metrics: { readonly [name: string]: number };
}

/** A pipeline as a file, made by the kernel. */
export interface ISavedPipeline {
  /** The `.redspot` file, base 64. */
  readonly content: string;
  readonly metrics: { [name: string]: number };
}

/** How far the search for pipelines in the current notebook's kernel is. */
export type KernelPhase =
  'no-notebook' | 'no-kernel' | 'not-loaded' | 'looking' | 'ready' | 'failed';

/** The pipelines in the kernel of the current notebook. */
export interface IKernelPipelines {
  readonly phase: KernelPhase;
  readonly pipelines: readonly IPipelineInfo[];
  /** Why the phase is `failed`. */
  readonly error: unknown;
  /** The current notebook's file name, or empty. */
  readonly notebookName: string;
  readonly changed: ISignal<this, void>;
  /** Look again; with `load`, load Redspot's kernel part first when it is not there. */
  look(options: { load: boolean }): Promise<void>;
  save(variable: string): Promise<ISavedPipeline>;
  /** The graph of one pipeline, fitted or not. */
  describe(variable: string): Promise<unknown>;
  /** The current notebook's content, or null. */
  notebook(): wire.JsonRecord | null;
}

export const IKernelPipelines = new Token<IKernelPipelines>(
  '@redspot/lab:IKernelPipelines',
  'Lists and saves the pipelines that are alive in the current notebook.'
);
