import type { TranslationBundle } from '@jupyterlab/translation';

import { isRecord, isText } from './guard';
import type { JsonRecord } from './types';

/** What kind of trouble keeps the service from answering at all. */
export type Outage = 'missing' | 'unreachable';

/** An answer that is not the one asked for, with the service's stable code. */
export class ProblemError extends Error {
  constructor(options: ProblemError.IOptions) {
    super(options.detail);
    this.name = 'ProblemError';
    this.status = options.status;
    this.code = options.code;
    this.detail = options.detail;
    this.facts = options.facts ?? {};
  }

  /** HTTP status; 0 when no answer came. */
  readonly status: number;
  readonly code: string;
  readonly detail: string;
  readonly facts: JsonRecord;

  /** Whether the whole service is out of reach, and why. */
  get outage(): Outage | null {
    if (this.code === ProblemError.MISSING) {
      return 'missing';
    }
    return this.code === ProblemError.UNREACHABLE ? 'unreachable' : null;
  }

  /** The parameter that the problem is about, if it names one. */
  get parameter(): string | null {
    const name = this.facts['parameter'];
    return isText(name) ? name : null;
  }
}

export namespace ProblemError {
  export interface IOptions {
    status: number;
    code: string;
    detail: string;
    facts?: JsonRecord;
  }

  /** Codes of our own side, where no problem came from the service. */
  export const MISSING = 'server-part-missing';
  export const UNREACHABLE = 'service-unreachable';
  export const UNREADABLE = 'unreadable-answer';
  export const KERNEL_ABSENT = 'kernel-side-absent';
}

const GATEWAY = [502, 503, 504];

/** Read the body of a refused request as the problem it is. */
export function problemOf(status: number, body: unknown): ProblemError {
  if (isRecord(body) && isText(body['code']) && isText(body['detail'])) {
    const facts = isRecord(body['facts']) ? body['facts'] : {};
    return new ProblemError({ status, code: body['code'], detail: body['detail'], facts });
  }
  // Without our envelope the answer is Jupyter's or a proxy's, not the service's.
  const message = isRecord(body) && isText(body['message']) ? body['message'] : '';
  if (status === 404) {
    return new ProblemError({ status, code: ProblemError.MISSING, detail: message });
  }
  const code = GATEWAY.includes(status) ? ProblemError.UNREACHABLE : `http-${status}`;
  return new ProblemError({ status, code, detail: message });
}

/** One sentence for the person, in their language where the code is known. */
export function problemText(error: unknown, trans: TranslationBundle): string {
  if (!(error instanceof ProblemError)) {
    return error instanceof Error ? error.message : trans.__('Something went wrong.');
  }
  switch (error.code) {
    case ProblemError.MISSING:
      return trans.__("Redspot's server part is not installed.");
    case ProblemError.UNREACHABLE:
      return trans.__("Redspot's service is not answering.");
    case ProblemError.UNREADABLE:
      return trans.__(
        'The service gave an answer that this version cannot read: %1.',
        error.detail
      );
    case ProblemError.KERNEL_ABSENT:
      return trans.__(
        'This kernel has no Redspot: install the package “redspot” in its environment, then restart it.'
      );
    case 'unauthenticated':
      return trans.__('You are no longer logged in. Reload the page.');
    case 'run-ended':
      return trans.__('The run has already ended.');
    case 'schedule-conflict':
      return trans.__('Someone else changed the schedule in between. Try again.');
    default:
      return error.detail || trans.__('The service answered with status %1.', error.status);
  }
}
