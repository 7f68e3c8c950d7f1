import { URLExt } from '@jupyterlab/coreutils';
import { ServerConnection } from '@jupyterlab/services';
import type { ICall as IEndpointCall } from '@redspot/pictures';

import type { IRedspotClient } from '../tokens';
import type { Guard } from './guard';
import { isAnything, isRecord } from './guard';
import { ProblemError, problemOf } from './problem';
import * as shapes from './shapes';
import type * as wire from './types';

/** The query of a request; what is undefined is left out. */
type Query = { readonly [name: string]: string | number | undefined };

interface ICall<T> {
  path: readonly string[];
  answer: Guard<T>;
  method?: 'GET' | 'POST' | 'PATCH' | 'PUT';
  body?: object;
  query?: Query;
  ifMatch?: string | undefined;
}

/** Speaks to the service through the Jupyter server. The only file that makes requests. */
export class RedspotClient implements IRedspotClient {
  constructor(options: RedspotClient.IOptions) {
    this._settings = options.serverSettings;
  }

  status(): Promise<wire.Status> {
    return this._call({ path: ['status'], answer: shapes.isStatus });
  }

  models(): Promise<wire.IPage<wire.Model>> {
    return this._call({ path: ['models'], answer: shapes.pageOf(shapes.isModel) });
  }

  versions(model: string): Promise<wire.IPage<wire.Version>> {
    return this._call({
      path: ['models', model, 'versions'],
      answer: shapes.pageOf(shapes.isVersion)
    });
  }

  version(ref: string): Promise<wire.Version> {
    return this._call({ path: ['versions', ref], answer: shapes.isVersion });
  }

  register(model: string, version: wire.VersionIn): Promise<wire.Version> {
    return this._call({
      method: 'POST',
      path: ['models', model, 'versions'],
      body: version,
      answer: shapes.isVersion
    });
  }

  setAlias(model: string, alias: string, number: number): Promise<wire.Model> {
    return this._call({
      method: 'PUT',
      path: ['models', model, 'aliases', alias],
      body: { number },
      answer: shapes.isModel
    });
  }

  instanceTypes(): Promise<wire.IPage<wire.InstanceType>> {
    return this._call({
      path: ['instance-types'],
      answer: shapes.pageOf(shapes.isInstanceType)
    });
  }

  inspect(notebook: wire.JsonRecord): Promise<wire.NotebookFacts> {
    return this._call({
      method: 'POST',
      path: ['notebooks', 'inspect'],
      body: { notebook },
      answer: shapes.isNotebookFacts
    });
  }

  addJob(job: wire.JobIn): Promise<wire.Job> {
    return this._call({ method: 'POST', path: ['jobs'], body: job, answer: shapes.isJob });
  }

  startRun(jobId: string, values: wire.JsonRecord): Promise<wire.Run> {
    return this._call({
      method: 'POST',
      path: ['jobs', jobId, 'runs'],
      body: { values },
      answer: shapes.isRun
    });
  }

  runs(limit: number): Promise<wire.IPage<wire.Run>> {
    return this._call({
      path: ['runs'],
      query: { limit },
      answer: shapes.pageOf(shapes.isRun)
    });
  }

  cancelRun(id: string): Promise<wire.Run> {
    return this._call({ method: 'POST', path: ['runs', id, 'cancel'], answer: shapes.isRun });
  }

  runNotebook(id: string): Promise<wire.JsonRecord> {
    return this._call({ path: ['runs', id, 'notebook'], answer: isRecord });
  }

  runLog(id: string): Promise<wire.LogTail> {
    return this._call({ path: ['runs', id, 'log'], answer: shapes.isLogTail });
  }

  runHtmlUrl(id: string): string {
    return this._url(['runs', id, 'html']);
  }

  schedules(): Promise<wire.IPage<wire.Schedule>> {
    return this._call({ path: ['schedules'], answer: shapes.pageOf(shapes.isSchedule) });
  }

  addSchedule(schedule: wire.ScheduleIn): Promise<wire.Schedule> {
    return this._call({
      method: 'POST',
      path: ['schedules'],
      body: schedule,
      answer: shapes.isSchedule
    });
  }

  setScheduleActive(id: string, active: boolean): Promise<wire.Schedule> {
    return this._call({
      method: 'PATCH',
      path: ['schedules', id],
      body: { active },
      answer: shapes.isSchedule
    });
  }

  preview(cron: string, timeZone: string, count: number): Promise<wire.FirePreview> {
    return this._call({
      path: ['schedules', 'preview'],
      query: { cron, time_zone: timeZone, count },
      answer: shapes.isFirePreview
    });
  }

  endpoints(): Promise<wire.IPage<wire.Endpoint>> {
    return this._call({ path: ['endpoints'], answer: shapes.pageOf(shapes.isEndpoint) });
  }

  deploy(endpoint: string, deployment: wire.DeploymentIn): Promise<wire.Endpoint> {
    return this._call({
      method: 'POST',
      path: ['endpoints', endpoint, 'deployments'],
      body: deployment,
      answer: shapes.isEndpoint
    });
  }

  setEndpointState(endpoint: string, state: wire.EndpointState): Promise<wire.Endpoint> {
    return this._call({
      method: 'PATCH',
      path: ['endpoints', endpoint],
      body: { state },
      answer: shapes.isEndpoint
    });
  }

  predict(endpoint: string, rows: readonly wire.JsonRecord[]): Promise<wire.Prediction> {
    return this._call({
      method: 'POST',
      path: ['endpoints', endpoint, 'predict'],
      body: { rows },
      answer: shapes.isPrediction
    });
  }

  askEndpoint(endpoint: string, call: IEndpointCall): Promise<unknown> {
    const [path = '', query = ''] = call.path.split('?');
    const below = path.split('/').filter(part => part !== '');
    return this._call({
      method: call.method ?? 'GET',
      // Plans are of definitions, so they are beside the endpoints and not below one.
      path: path === 'plan' ? ['endpoints', 'plan'] : ['endpoints', endpoint, ...below],
      query: Object.fromEntries(new URLSearchParams(query)),
      ...(call.body === undefined ? {} : { body: call.body }),
      ifMatch: call.ifMatch,
      answer: isAnything
    });
  }

  /** The one place where paths and queries are encoded. */
  private _url(path: readonly string[], query: Query = {}): string {
    const segments = path.map(segment => encodeURIComponent(segment));
    const url = URLExt.join(this._settings.baseUrl, 'redspot', 'api', ...segments);
    const given = Object.entries(query).flatMap(([name, value]) =>
      value === undefined ? [] : [[name, String(value)]]
    );
    return given.length > 0 ? `${url}?${new URLSearchParams(given).toString()}` : url;
  }

  private async _call<T>(call: ICall<T>): Promise<T> {
    const response = await this._request(call);
    const body = await readBody(response);
    if (!response.ok) {
      throw problemOf(response.status, body);
    }
    if (!call.answer(body)) {
      throw new ProblemError({
        status: response.status,
        code: ProblemError.UNREADABLE,
        detail: call.path.join('/')
      });
    }
    return body;
  }

  private async _request<T>(call: ICall<T>): Promise<Response> {
    const init: RequestInit = {
      method: call.method ?? 'GET',
      // With the default, 'no-store', JupyterLab adds a nameless query field, which the service refuses.
      cache: 'no-cache'
    };
    if (call.body !== undefined) {
      init.body = JSON.stringify(call.body);
      init.headers = {
        'Content-Type': 'application/json',
        ...(call.ifMatch === undefined ? {} : { 'If-Match': call.ifMatch })
      };
    }
    try {
      return await ServerConnection.makeRequest(
        this._url(call.path, call.query),
        init,
        this._settings
      );
    } catch (error) {
      if (error instanceof ServerConnection.NetworkError) {
        throw new ProblemError({
          status: 0,
          code: ProblemError.UNREACHABLE,
          detail: error.message
        });
      }
      throw error;
    }
  }

  private readonly _settings: ServerConnection.ISettings;
}

export namespace RedspotClient {
  export interface IOptions {
    serverSettings: ServerConnection.ISettings;
  }
}

/** The body as JSON, or as text where it is none (a proxy's error page). */
async function readBody(response: Response): Promise<unknown> {
  const text = await response.text();
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) {
      return text;
    }
    throw error;
  }
}
