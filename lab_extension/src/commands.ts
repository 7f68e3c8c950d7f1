import { isRecord, isText } from './api/guard';

/** All commands of Redspot. */
export namespace CommandIDs {
  export const openSidebar = 'redspot:open-sidebar';
  export const refresh = 'redspot:refresh';
  export const productionize = 'redspot:productionize-notebook';
  export const register = 'redspot:register-model';
  export const deploy = 'redspot:deploy-version';
  export const showGraph = 'redspot:show-graph';
  export const tryEndpoint = 'redspot:try-endpoint';
  export const openEndpoint = 'redspot:open-endpoint';
  export const openOutput = 'redspot:open-run-output';
  export const openNotebook = 'redspot:open-run-notebook';
  export const openLog = 'redspot:open-run-log';
}

/** Arguments of the commands about a version. */
export interface IRefArgs {
  ref: string;
}

/** Arguments of the commands about a run. */
export interface IRunArgs {
  run: string;
}

/** Arguments of the commands about an endpoint. */
export interface IEndpointArgs {
  endpoint: string;
}

/** Arguments of `redspot:register-model`. */
export interface IVariableArgs {
  variable: string;
}

export function isRefArgs(args: unknown): args is IRefArgs {
  return isRecord(args) && isText(args['ref']) && args['ref'].includes('@');
}

export function isRunArgs(args: unknown): args is IRunArgs {
  return isRecord(args) && isText(args['run']) && args['run'] !== '';
}

export function isEndpointArgs(args: unknown): args is IEndpointArgs {
  return isRecord(args) && isText(args['endpoint']) && args['endpoint'] !== '';
}

export function isVariableArgs(args: unknown): args is IVariableArgs {
  return isRecord(args) && isText(args['variable']) && args['variable'] !== '';
}

/** JSON schemas of the arguments, for `describedBy`. */
export namespace ArgSchemas {
  export const none = { type: 'object', properties: {} } as const;

  export const ref = {
    type: 'object',
    required: ['ref'],
    properties: { ref: { type: 'string', description: 'The version, such as penguins@7' } }
  } as const;

  export const graph = {
    type: 'object',
    properties: {
      ref: { type: 'string', description: 'A version, such as penguins@7' },
      variable: { type: 'string', description: 'Or a pipeline of the current kernel' }
    }
  } as const;

  export const run = {
    type: 'object',
    required: ['run'],
    properties: { run: { type: 'string', description: "The run's id" } }
  } as const;

  export const endpoint = {
    type: 'object',
    required: ['endpoint'],
    properties: { endpoint: { type: 'string', description: "The endpoint's name" } }
  } as const;

  export const variable = {
    type: 'object',
    properties: {
      variable: {
        type: 'string',
        description: 'The variable that holds the pipeline; asked for when absent'
      }
    }
  } as const;
}
