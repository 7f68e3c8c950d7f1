/** What the service tells of an endpoint; see the route `endpoints/{name}` and those below it. */

import type { Guard } from '../guard';
import {
  isFlag,
  isNumber,
  isRecord,
  isText,
  listOf,
  nullable,
  oneOf,
  recordOf,
  shape
} from '../guard';

export type Role = 'live' | 'shadow';

export interface IArmNow {
  deployment_id: string;
  version: string;
  role: Role;
  share: number;
  ready: number;
  wanted: number;
  in_flight: number;
  requests_per_s: number | null;
  error_share: number | null;
  p50_ms: number | null;
  p99_ms: number | null;
}

export interface IPolicy {
  strategy: string;
  steps: readonly number[];
  step_s: number;
  shadow_s: number;
  min_requests: number;
  max_error_rate: number;
  max_latency_ratio: number;
  max_score_psi: number;
  max_mismatch: number;
}

export interface IRollout {
  id: string;
  stage: string;
  step: number;
  since: string;
  policy: IPolicy;
  created_by: string;
  why: string;
  reason: string;
}

export interface INow {
  at: string;
  state: string;
  router_ok: boolean;
  requests_per_s: number | null;
  refused_per_s: number | null;
  error_share: number | null;
  p50_ms: number | null;
  p95_ms: number | null;
  p99_ms: number | null;
  in_flight: number;
  held: number;
  ready: number;
  wanted: number;
  arms: readonly IArmNow[];
  rollout: IRollout | null;
}

export interface IPoint {
  at: string;
  deployment_id: string;
  version: string;
  requests_per_s: number;
  error_share: number | null;
  p50_ms: number | null;
  p95_ms: number | null;
  p99_ms: number | null;
  ready: number;
}

export interface ISeries {
  since: string;
  until: string;
  step_s: number;
  points: readonly IPoint[];
}

export interface ILedgerEntry {
  id: number;
  at: string;
  deployment_id: string;
  version: string;
  event: string;
  role: Role;
  share_before: number;
  share: number;
  who: string;
  why: string;
}

export interface ILedger {
  entries: readonly ILedgerEntry[];
}

export interface ISignal {
  id: string;
  severity: string;
  sentence: string;
  first_seen: string;
  last_seen: string;
  closed_at: string | null;
}

export interface IFinding {
  name: string;
  subject: string;
  severity: string;
  value: number;
  threshold: number | null;
}

export interface IReport {
  deployment_id: string;
  version: string;
  source: string;
  rows: number;
  note: string;
  findings: readonly IFinding[];
}

export interface IRequest {
  request_id: string;
  row: number;
  at: string;
  version: string;
  caller: string | null;
  status: number;
  latency_ms: number;
  inputs: unknown;
  outputs: unknown;
}

export interface IRequests {
  items: readonly IRequest[];
  note: string;
}

export interface IApplied {
  definition: Readonly<Record<string, unknown>>;
  generation: number;
  pins: Readonly<Record<string, string>>;
}

export interface IPlan {
  actions: readonly string[];
}

const isAny: Guard<unknown> = (value): value is unknown => value !== undefined;
const isRole = oneOf<Role>('live', 'shadow');
const maybe = nullable(isNumber);

const isArm = shape<IArmNow>({
  deployment_id: isText,
  version: isText,
  role: isRole,
  share: isNumber,
  ready: isNumber,
  wanted: isNumber,
  in_flight: isNumber,
  requests_per_s: maybe,
  error_share: maybe,
  p50_ms: maybe,
  p99_ms: maybe
});

const isPolicy = shape<IPolicy>({
  strategy: isText,
  steps: listOf(isNumber),
  step_s: isNumber,
  shadow_s: isNumber,
  min_requests: isNumber,
  max_error_rate: isNumber,
  max_latency_ratio: isNumber,
  max_score_psi: isNumber,
  max_mismatch: isNumber
});

const isRollout = shape<IRollout>({
  id: isText,
  stage: isText,
  step: isNumber,
  since: isText,
  policy: isPolicy,
  created_by: isText,
  why: isText,
  reason: isText
});

export const isNow = shape<INow>({
  at: isText,
  state: isText,
  router_ok: isFlag,
  requests_per_s: maybe,
  refused_per_s: maybe,
  error_share: maybe,
  p50_ms: maybe,
  p95_ms: maybe,
  p99_ms: maybe,
  in_flight: isNumber,
  held: isNumber,
  ready: isNumber,
  wanted: isNumber,
  arms: listOf(isArm),
  rollout: nullable(isRollout)
});

const isPoint = shape<IPoint>({
  at: isText,
  deployment_id: isText,
  version: isText,
  requests_per_s: isNumber,
  error_share: maybe,
  p50_ms: maybe,
  p95_ms: maybe,
  p99_ms: maybe,
  ready: isNumber
});

export const isSeries = shape<ISeries>({
  since: isText,
  until: isText,
  step_s: isNumber,
  points: listOf(isPoint)
});

const isEntry = shape<ILedgerEntry>({
  id: isNumber,
  at: isText,
  deployment_id: isText,
  version: isText,
  event: isText,
  role: isRole,
  share_before: isNumber,
  share: isNumber,
  who: isText,
  why: isText
});

export const isLedger = shape<ILedger>({ entries: listOf(isEntry) });

const isSignal = shape<ISignal>({
  id: isText,
  severity: isText,
  sentence: isText,
  first_seen: isText,
  last_seen: isText,
  closed_at: nullable(isText)
});

const isFinding = shape<IFinding>({
  name: isText,
  subject: isText,
  severity: isText,
  value: isNumber,
  threshold: maybe
});

const isReport = shape<IReport>({
  deployment_id: isText,
  version: isText,
  source: isText,
  rows: isNumber,
  note: isText,
  findings: listOf(isFinding)
});

const isRequest = shape<IRequest>({
  request_id: isText,
  row: isNumber,
  at: isText,
  version: isText,
  caller: nullable(isText),
  status: isNumber,
  latency_ms: isNumber,
  inputs: isAny,
  outputs: isAny
});

export const isRequests = shape<IRequests>({ items: listOf(isRequest), note: isText });

export const isSignals = shape<{ items: readonly ISignal[] }>({ items: listOf(isSignal) });

export const isReports = shape<{ items: readonly IReport[] }>({ items: listOf(isReport) });

export const isApplied = shape<IApplied>({
  definition: isRecord,
  generation: isNumber,
  pins: recordOf(isText)
});

export const isPlan = shape<IPlan>({ actions: listOf(isText) });

/** What a page says of the endpoint that it shows: its name, and where the API is. */
export interface IEndpointPage {
  name: string;
  api: string;
}

export const isEndpointPage = shape<IEndpointPage>({ name: isText, api: isText });
