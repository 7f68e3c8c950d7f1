/**
 * The wire, in the shape that openapi-typescript generates from server_extension/openapi.json.
 */
export interface components {
  schemas: {
    Artifact: { digest: string; size_bytes: number; media_type: string; name: string };
    EnvironmentRecord: {
      image: string;
      lock: string;
      instance_type: string;
      python: string;
      platform: string;
    };
    Version: {
      model: string;
      number: number;
      pipeline: components['schemas']['Artifact'];
      notebook: components['schemas']['Artifact'] | null;
      environment: components['schemas']['EnvironmentRecord'];
      parameters: { [key: string]: unknown };
      metrics: { [key: string]: number };
      schema: { [key: string]: unknown };
      graph: { [key: string]: unknown };
      parity_rows: number;
      run_id: string | null;
      created_at: string;
      created_by: string;
    };
    Model: {
      name: string;
      owner: string;
      description: string;
      created_at: string;
      latest: components['schemas']['Version'] | null;
      version_count: number;
      aliases: { [key: string]: number };
      endpoints: string[];
    };
    /** @enum {string} */
    EndpointState: 'live' | 'stopped';
    /** @enum {string} */
    DeploymentState: 'starting' | 'live' | 'ended' | 'failed';
    Deployment: {
      id: string;
      endpoint: string;
      model: string;
      version: number;
      state: components['schemas']['DeploymentState'];
      incarnation: number;
      created_at: string;
      created_by: string;
      why: string;
      live_at: string | null;
      ended_at: string | null;
      failure: string;
    };
    Endpoint: {
      name: string;
      owner: string;
      state: components['schemas']['EndpointState'];
      created_at: string;
      updated_at: string;
      deployment: components['schemas']['Deployment'] | null;
      serving: string | null;
      url: string;
    };
    /** @enum {string} */
    ParameterKind: 'int' | 'float' | 'bool' | 'str' | 'date' | 'list' | 'dict' | 'any';
    Parameter: {
      name: string;
      kind: components['schemas']['ParameterKind'];
      default: unknown;
      has_default: boolean;
      choices: unknown[];
      optional: boolean;
      help: string;
    };
    NotebookFacts: {
      parameters: components['schemas']['Parameter'][];
      has_parameters_cell: boolean;
      code_cells: number;
      kernel: string;
      hint: string;
    };
    Outcome: { register: string | null; variable: string | null; deploy: string | null };
    Job: {
      id: string;
      name: string;
      owner: string;
      notebook: components['schemas']['Artifact'];
      parameters: components['schemas']['Parameter'][];
      values: { [key: string]: unknown };
      environment: components['schemas']['EnvironmentRecord'];
      outcome: components['schemas']['Outcome'];
      timeout_s: number | null;
      created_at: string;
      last_run_id: string | null;
      last_run_state: string | null;
    };
    Schedule: {
      id: string;
      job_id: string;
      job_name: string;
      owner: string;
      cron: string;
      time_zone: string;
      active: boolean;
      created_at: string;
      next_fire: string | null;
      last_fire: string | null;
      fired: number;
      skipped: number;
    };
    /** @enum {string} */
    RunState:
      | 'queued'
      | 'starting'
      | 'running'
      | 'succeeded'
      | 'failed'
      | 'cancelled'
      | 'timed_out'
      | 'lost';
    RunProgress: { cells_total: number; cells_done: number; current_cell: number | null };
    RunFailure: { code: string; message: string; cell: number | null; traceback: string };
    RunOutputs: {
      notebook: components['schemas']['Artifact'] | null;
      html: components['schemas']['Artifact'] | null;
    };
    Run: {
      id: string;
      job_id: string;
      job_name: string;
      owner: string;
      state: components['schemas']['RunState'];
      parameters: { [key: string]: unknown };
      schedule_id: string | null;
      fire_time: string | null;
      created_at: string;
      started_at: string | null;
      ended_at: string | null;
      progress: components['schemas']['RunProgress'] | null;
      failure: components['schemas']['RunFailure'] | null;
      outputs: components['schemas']['RunOutputs'];
      records: { [key: string]: unknown };
      version: string | null;
    };
    InstanceType: { name: string; cpu: number; memory_bytes: number; description: string };
    Status: {
      version: string;
      host: string;
      caller: string;
      rights: string[];
      trust: string;
      isolates: string;
      schedules_note: string;
      router_url: string;
      router_ok: boolean;
      time_zone: string;
      counts: { [key: string]: number };
    };
    FirePreview: { cron: string; time_zone: string; fires: string[] };
    Prediction: {
      model: string;
      version: string;
      predictions: { [key: string]: unknown }[];
      seconds: number;
    };
    LogTail: { text: string };
    OutcomeIn: {
      register_as?: string | null;
      variable?: string | null;
      deploy_to?: string | null;
    };
    JobIn: {
      name: string;
      notebook: { [key: string]: unknown };
      notebook_name?: string;
      values?: { [key: string]: unknown };
      instance_type?: string;
      outcome?: components['schemas']['OutcomeIn'];
      timeout_s?: number | null;
    };
    RunIn: { values?: { [key: string]: unknown } };
    ScheduleIn: { job_id: string; cron: string; time_zone?: string };
    VersionIn: {
      pipeline: string;
      notebook?: { [key: string]: unknown } | null;
      parameters?: { [key: string]: unknown };
      metrics?: { [key: string]: number };
    };
    DeploymentIn: { version: string; why?: string };
  };
}
