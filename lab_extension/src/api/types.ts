import type { components } from './contract';

type Schemas = components['schemas'];

export type Arm = Schemas['Arm'];
export type ArmStatus = Schemas['ArmStatus'];
export type Artifact = Schemas['Artifact'];
export type Deployment = Schemas['Deployment'];
export type DeploymentIn = Schemas['DeploymentIn'];
export type Endpoint = Schemas['Endpoint'];
export type EndpointState = Endpoint['state'];
export type EnvironmentRecord = Schemas['EnvironmentRecord'];
export type FirePreview = Schemas['FirePreview'];
export type InstanceType = Schemas['InstanceType'];
export type Job = Schemas['Job'];
export type JobIn = Schemas['JobIn'];
export type LogTail = Schemas['LogTail'];
export type Model = Schemas['Model'];
export type NotebookFacts = Schemas['NotebookFacts'];
export type Outcome = Schemas['Outcome'];
export type Parameter = Schemas['Parameter'];
export type ParameterKind = Parameter['kind'];
export type Prediction = Schemas['Prediction'];
export type ReplicaSpec = Schemas['ReplicaSpec'];
export type Rollout = Schemas['Rollout'];
export type RolloutPolicy = Schemas['RolloutPolicy'];
export type Run = Schemas['Run'];
export type RunFailure = Schemas['RunFailure'];
export type RunOutputs = Schemas['RunOutputs'];
export type RunProgress = Schemas['RunProgress'];
export type RunState = Run['state'];
export type Schedule = Schemas['Schedule'];
export type ScheduleIn = Schemas['ScheduleIn'];
export type Status = Schemas['Status'];
export type Version = Schemas['Version'];
export type VersionIn = Schemas['VersionIn'];

/** One page of a list; `next_cursor` is null on the last one. */
export interface IPage<T> {
  items: T[];
  next_cursor: string | null;
}

/** A JSON object whose keys are data: parameters, records, a notebook. */
export type JsonRecord = { [key: string]: unknown };
