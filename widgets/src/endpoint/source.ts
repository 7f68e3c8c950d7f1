/** Where a dashboard asks: the service's API, by whatever way leads there. */

import type { Guard } from '../guard';
import { isRecord, isText } from '../guard';

/** A call of the API; the path is below `endpoints/NAME`, empty for the endpoint itself. */
export interface ICall {
  readonly path: string;
  readonly method?: 'GET' | 'POST' | 'PUT';
  readonly body?: object;
  /** The entity tag that must be in force. */
  readonly ifMatch?: string;
}

/** Sends calls, and gives the JSON of their answers; rejects with an Error whose message is a sentence. */
export interface IEndpointSource {
  call(call: ICall): Promise<unknown>;
  /** Where server-sent events of the present come from; absent where only asking is possible. */
  readonly stream?: string;
}

/** Ask, and look at what comes. */
export async function ask<T>(source: IEndpointSource, guard: Guard<T>, call: ICall): Promise<T> {
  const answer = await source.call(call);
  if (!guard(answer)) {
    throw new Error(`The service's answer to ${call.path || 'the endpoint'} cannot be read.`);
  }
  return answer;
}

/** The sentence of what was thrown. */
export function sentenceOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** The token that proves that a write comes from a page of the service's own. */
export function xsrfOf(cookies: string): string {
  const found = cookies.split('; ').find(each => each.startsWith('_xsrf='));
  return found === undefined ? '' : found.slice('_xsrf='.length).replace(/^"(.*)"$/, '$1');
}

/** The service on the page's own origin, with the page's cookie. */
export class PageSource implements IEndpointSource {
  constructor(api: string, name: string) {
    this._base = `${api}endpoints/${encodeURIComponent(name)}`;
    this.stream = `${this._base}/live/stream`;
  }

  readonly stream: string;

  async call(call: ICall): Promise<unknown> {
    const answer = await fetch(this._url(call.path), {
      method: call.method ?? 'GET',
      credentials: 'same-origin',
      headers: {
        'X-XSRFToken': xsrfOf(document.cookie),
        ...(call.body === undefined ? {} : { 'Content-Type': 'application/json' }),
        ...(call.ifMatch === undefined ? {} : { 'If-Match': call.ifMatch })
      },
      body: call.body === undefined ? null : JSON.stringify(call.body)
    });
    const content: unknown = await answer.json();
    if (!answer.ok) {
      const detail = isRecord(content) ? content.detail : null;
      throw new Error(isText(detail) ? detail : `The service answered ${answer.status}.`);
    }
    return content;
  }

  private _url(path: string): string {
    // Plans are of definitions, so they are beside the endpoints and not below one.
    if (path === 'plan') {
      return `${this._base.slice(0, this._base.lastIndexOf('/'))}/plan`;
    }
    return path ? `${this._base}/${path}` : this._base;
  }

  private readonly _base: string;
}
