import type { Guard } from './guard';
import {
  isAnything,
  isFlag,
  isNumber,
  isRecord,
  isText,
  listOf,
  nullable,
  oneOf,
  recordOf,
  shape
} from './guard';
import type * as wire from './types';

const isArtifact = shape<wire.Artifact>({
  digest: isText,
  size_bytes: isNumber,
  media_type: isText,
  name: isText
});

const isEnvironment = shape<wire.EnvironmentRecord>({
  image: isText,
  lock: isText,
  instance_type: isText,
  python: isText,
  platform: isText
});

export const isVersion = shape<wire.Version>({
  model: isText,
  number: isNumber,
  pipeline: isArtifact,
  notebook: nullable(isArtifact),
  environment: isEnvironment,
  parameters: isRecord,
  metrics: recordOf(isNumber),
  schema: isRecord,
  graph: isRecord,
  parity_rows: isNumber,
  run_id: nullable(isText),
  created_at: isText,
  created_by: isText
});

export const isModel = shape<wire.Model>({
  name: isText,
  owner: isText,
  description: isText,
  created_at: isText,
  latest: nullable(isVersion),
  version_count: isNumber,
  aliases: recordOf(isNumber),
  endpoints: listOf(isText)
});

const isReplicaSpec = shape<wire.ReplicaSpec>({
  backend: isText,
  instance_type: isText,
  log_sample: nullable(isNumber),
  redact: nullable(listOf(isText))
});

const isDeployment = shape<wire.Deployment>({
  id: isText,
  endpoint: isText,
  model: isText,
  version: isNumber,
  state: oneOf('starting', 'live', 'ended', 'failed'),
  incarnation: isNumber,
  created_at: isText,
  created_by: isText,
  why: isText,
  live_at: nullable(isText),
  ended_at: nullable(isText),
  failure: isText,
  role: oneOf('live', 'shadow'),
  share: isNumber,
  replicas: isNumber,
  generation: isNumber,
  spec: isReplicaSpec,
  image: isText
});

const isArm = shape<wire.Arm>({
  deployment_id: isText,
  role: oneOf('live', 'shadow'),
  share: isNumber
});

const isArmStatus = shape<wire.ArmStatus>({
  deployment_id: isText,
  version: isText,
  role: oneOf('live', 'shadow'),
  share: isNumber,
  replicas: isNumber,
  ready: isNumber
});

const isRolloutPolicy = shape<wire.RolloutPolicy>({
  strategy: oneOf('blue-green', 'canary', 'shadow-canary'),
  steps: listOf(isNumber),
  step_s: isNumber,
  shadow_s: isNumber,
  min_requests: isNumber,
  max_error_rate: isNumber,
  max_latency_ratio: isNumber,
  max_score_psi: isNumber,
  max_mismatch: isNumber,
  parity: oneOf('require', 'ask', 'skip')
});

const isRollout = shape<wire.Rollout>({
  id: isText,
  endpoint: isText,
  generation: isNumber,
  stage: oneOf('starting', 'shadow', 'canary', 'done', 'rolled-back', 'replaced'),
  step: isNumber,
  since: isText,
  before: listOf(isArm),
  after: listOf(isArm),
  policy: isRolloutPolicy,
  created_at: isText,
  created_by: isText,
  why: isText,
  ended_at: nullable(isText),
  reason: isText
});

export const isEndpoint = shape<wire.Endpoint>({
  name: isText,
  owner: isText,
  state: oneOf('live', 'stopped'),
  created_at: isText,
  updated_at: isText,
  deployment: nullable(isDeployment),
  serving: nullable(isText),
  url: isText,
  generation: isNumber,
  arms: listOf(isArmStatus),
  rollout: nullable(isRollout)
});

const isParameter = shape<wire.Parameter>({
  name: isText,
  kind: oneOf('int', 'float', 'bool', 'str', 'date', 'list', 'dict', 'any'),
  default: isAnything,
  has_default: isFlag,
  choices: listOf(isAnything),
  optional: isFlag,
  help: isText
});

export const isNotebookFacts = shape<wire.NotebookFacts>({
  parameters: listOf(isParameter),
  has_parameters_cell: isFlag,
  code_cells: isNumber,
  kernel: isText,
  hint: isText
});

const isOutcome = shape<wire.Outcome>({
  register: nullable(isText),
  variable: nullable(isText),
  deploy: nullable(isText)
});

export const isJob = shape<wire.Job>({
  id: isText,
  name: isText,
  owner: isText,
  notebook: isArtifact,
  parameters: listOf(isParameter),
  values: isRecord,
  environment: isEnvironment,
  outcome: isOutcome,
  timeout_s: nullable(isNumber),
  created_at: isText,
  last_run_id: nullable(isText),
  last_run_state: nullable(isText)
});

export const isSchedule = shape<wire.Schedule>({
  id: isText,
  job_id: isText,
  job_name: isText,
  owner: isText,
  cron: isText,
  time_zone: isText,
  active: isFlag,
  created_at: isText,
  next_fire: nullable(isText),
  last_fire: nullable(isText),
  fired: isNumber,
  skipped: isNumber
});

const isProgress = shape<wire.RunProgress>({
  cells_total: isNumber,
  cells_done: isNumber,
  current_cell: nullable(isNumber)
});

const isFailure = shape<wire.RunFailure>({
  code: isText,
  message: isText,
  cell: nullable(isNumber),
  traceback: isText
});

const isOutputs = shape<wire.RunOutputs>({
  notebook: nullable(isArtifact),
  html: nullable(isArtifact)
});

export const isRun = shape<wire.Run>({
  id: isText,
  job_id: isText,
  job_name: isText,
  owner: isText,
  state: oneOf(
    'queued',
    'starting',
    'running',
    'succeeded',
    'failed',
    'cancelled',
    'timed_out',
    'lost'
  ),
  parameters: isRecord,
  schedule_id: nullable(isText),
  fire_time: nullable(isText),
  created_at: isText,
  started_at: nullable(isText),
  ended_at: nullable(isText),
  progress: nullable(isProgress),
  failure: nullable(isFailure),
  outputs: isOutputs,
  records: isRecord,
  version: nullable(isText)
});

export const isInstanceType = shape<wire.InstanceType>({
  name: isText,
  cpu: isNumber,
  memory_bytes: isNumber,
  description: isText
});

export const isStatus = shape<wire.Status>({
  version: isText,
  host: isText,
  caller: isText,
  rights: listOf(isText),
  trust: isText,
  isolates: isText,
  schedules_note: isText,
  router_url: isText,
  router_ok: isFlag,
  time_zone: isText,
  counts: recordOf(isNumber)
});

export const isFirePreview = shape<wire.FirePreview>({
  cron: isText,
  time_zone: isText,
  fires: listOf(isText)
});

export const isPrediction = shape<wire.Prediction>({
  model: isText,
  version: isText,
  predictions: listOf(isRecord),
  seconds: isNumber
});

export const isLogTail = shape<wire.LogTail>({ text: isText });

export function pageOf<T>(guard: Guard<T>): Guard<wire.IPage<T>> {
  return shape<wire.IPage<T>>({ items: listOf(guard), next_cursor: nullable(isText) });
}
