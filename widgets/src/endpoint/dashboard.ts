/** An endpoint as it does: figures of now, pictures over time, its roll-out, and what can be done about it. */

import { button, html, rootOf } from '../dom';
import type { Guard } from '../guard';
import { numberText, shareText } from '../text';
import type {
  IApplied,
  ILedger,
  ILedgerEntry,
  INow,
  IPoint,
  IReport,
  IRequests,
  ISeries,
  ISignal
} from './data';
import {
  isApplied,
  isLedger,
  isNow,
  isPlan,
  isReports,
  isRequests,
  isSeries,
  isSignals
} from './data';
import { isRolling, rolloutView } from './rolloutView';
import type { ICall, IEndpointSource } from './source';
import { ask, sentenceOf } from './source';
import { SplitForm, withSplit } from './splitForm';
import { driftTable, ledgerTable, requestsTable, signalsTable } from './tables';
import { bandsPicture, linesPicture, stretchesOf } from './timeline';

const NOW_MS = 1_000;
const REST_MS = 5_000;
const SPAN_MS = 3_600_000;
const LEAST_MS = 300_000;

/** What the dashboard knows. */
interface IKnown {
  now: INow | null;
  series: ISeries | null;
  ledger: ILedger | null;
  signals: readonly ISignal[] | null;
  reports: readonly IReport[] | null;
  requests: IRequests | null;
}

/** A mounted dashboard. */
export interface IDashboard {
  dispose: () => void;
}

/** Show an endpoint in an element, and follow it until it is disposed. */
export function mountEndpoint(
  host: HTMLElement,
  name: string,
  source: IEndpointSource
): IDashboard {
  return new Dashboard(host, name, source);
}

class Dashboard implements IDashboard {
  constructor(
    host: HTMLElement,
    private readonly _name: string,
    private readonly _source: IEndpointSource
  ) {
    const section = (title: string, body: HTMLElement, wide = true): HTMLElement =>
      html('section', wide ? 'rsp-wide' : '', {}, html('h3', '', {}, title), body);
    this._form = new SplitForm(shares => void this._do(() => this._plan(shares)));
    this._root.append(
      html('header', '', {}, this._state),
      this._failure,
      this._question,
      this._tiles,
      html('div', 'rsp-pictures', {}, this._pictures),
      html(
        'div',
        'rsp-parts',
        {},
        section('Roll-out', this._rollout, false),
        section('Shift traffic', this._form.node, false),
        section('Signals', this._signals),
        section('Ledger', this._ledger),
        section('Drift', this._drift),
        section('Recent requests', this._requests)
      )
    );
    for (const place of [this._rollout, this._signals, this._ledger, this._drift, this._requests]) {
      place.append(html('p', 'rsp-empty', {}, 'Loading…'));
    }
    host.append(this._root);
    this._follow();
    void this._readRest();
    this._timers.push(setInterval(() => void this._readRest(), REST_MS));
  }

  dispose(): void {
    this._isDisposed = true;
    this._timers.forEach(clearInterval);
    this._events?.close();
    this._root.remove();
  }

  /** By server-sent events; by asking where there are none, or they fail. */
  private _follow(): void {
    const { stream } = this._source;
    if (stream === undefined || typeof EventSource === 'undefined') {
      this._poll();
      return;
    }
    const events = new EventSource(stream);
    this._events = events;
    events.onmessage = (message: MessageEvent<unknown>) => {
      const now: unknown = typeof message.data === 'string' ? JSON.parse(message.data) : null;
      if (isNow(now)) {
        this._showNow(now);
      }
    };
    events.onerror = () => {
      events.close();
      if (!this._isDisposed) {
        this._poll();
      }
    };
  }

  private _poll(): void {
    const read = async (): Promise<void> => {
      // A tab that nobody sees asks nothing.
      if (!document.hidden && !this._isAsking) {
        this._isAsking = true;
        await this._read('live', isNow, now => this._showNow(now)).finally(() => {
          this._isAsking = false;
        });
      }
    };
    void read();
    this._timers.push(setInterval(() => void read(), NOW_MS));
  }

  private async _readRest(): Promise<void> {
    if (document.hidden) {
      return;
    }
    await Promise.all([
      this._read('series', isSeries, series => (this._known.series = series)),
      this._read('ledger', isLedger, ledger => (this._known.ledger = ledger)),
      this._read('signals', isSignals, page => (this._known.signals = page.items)),
      this._read('drift', isReports, page => (this._known.reports = page.items)),
      this._read('requests', isRequests, requests => (this._known.requests = requests))
    ]);
    if (!this._isDisposed) {
      this._showRest();
    }
  }

  private async _read<T>(path: string, guard: Guard<T>, use: (answer: T) => void): Promise<void> {
    try {
      const answer = await ask(this._source, guard, { path });
      if (!this._isDisposed) {
        this._failed.delete(path);
        use(answer);
      }
    } catch (error) {
      this._failed.set(path, sentenceOf(error));
    }
    this._showFailure();
  }

  private _showFailure(): void {
    const sentences = [...new Set([this._problem, ...this._failed.values()])].filter(Boolean);
    this._failure.hidden = sentences.length === 0;
    const text = sentences.join(' ');
    if (this._failure.textContent !== text) {
      this._failure.textContent = text;
    }
  }

  private _showNow(now: INow): void {
    this._failed.delete('live');
    this._known.now = now;
    this._state.textContent = now.router_ok ? now.state : 'the router does not answer';
    this._state.dataset.state = now.router_ok ? now.state : 'down';
    const per = (value: number | null): string => (value === null ? '–' : `${numberText(value)}/s`);
    const ms = (value: number | null): string => (value === null ? '–' : `${numberText(value)} ms`);
    const tiles: readonly (readonly [string, string, boolean])[] = [
      ['Requests', per(now.requests_per_s), false],
      ['p50', ms(now.p50_ms), false],
      ['p95', ms(now.p95_ms), false],
      ['p99', ms(now.p99_ms), false],
      [
        'Errors',
        now.error_share === null ? '–' : shareText(now.error_share),
        (now.error_share ?? 0) > 0.01
      ],
      ['Refused', per(now.refused_per_s), (now.refused_per_s ?? 0) > 0],
      ['Replicas', `${now.ready} of ${now.wanted}`, now.ready < now.wanted],
      ['Under way', numberText(now.in_flight), false],
      ['Waiting', numberText(now.held), now.held > 0]
    ];
    this._tiles.replaceChildren(
      ...tiles.map(([label, value, isBad]) =>
        html(
          'div',
          isBad ? 'rsp-tile rsp-is-bad' : 'rsp-tile',
          {},
          html('dt', '', {}, label),
          html('dd', '', {}, value)
        )
      ),
      ...now.arms.map(arm =>
        html(
          'div',
          'rsp-tile',
          {},
          html('dt', `rsp-arm rsp-colour-${this._colour(arm.version) % 6}`, {}, arm.version),
          html('dd', '', {}, shareText(arm.share)),
          html(
            'dd',
            'rsp-small',
            {},
            `${arm.role === 'shadow' ? 'shadow, ' : ''}${per(arm.requests_per_s)}, p99 ${ms(arm.p99_ms)}`
          )
        )
      )
    );
    this._showRollout(now);
    const live = now.arms.filter(arm => arm.role === 'live' && arm.share > 0);
    this._form.node.toggleAttribute('inert', isRolling(now.rollout));
    this._form.show(new Map(live.map(arm => [arm.version, arm.share])));
  }

  private _showRollout(now: INow): void {
    // Made anew only when it has changed, so that a button keeps the focus.
    const key = JSON.stringify([now.rollout, now.ready, now.wanted]);
    if (key !== this._rolloutKey) {
      this._rolloutKey = key;
      const act = (path: string, word: string): HTMLButtonElement =>
        button(
          'rsp-button',
          { 'data-key': path },
          () =>
            this._confirm(`${word} the roll-out of ${this._name}?`, [], word, {
              path,
              method: 'POST',
              body: { why: '' }
            }),
          word
        );
      this._rollout.replaceChildren(
        rolloutView(now, [act('promote', 'Promote'), act('abort', 'Abort')])
      );
    }
  }

  private _showRest(): void {
    const { series, ledger, signals, reports, requests, now } = this._known;
    const end = Date.now();
    // An endpoint that is young has a short past.
    const first = Date.parse(series?.points[0]?.at ?? '');
    const begin = Number.isNaN(first) ? end - LEAST_MS : Math.min(first, end - LEAST_MS);
    const span = { begin: Math.max(begin, end - SPAN_MS), end };
    if (ledger !== null) {
      const live = new Set(
        (now?.arms ?? []).filter(arm => arm.role === 'live').map(arm => arm.deployment_id)
      );
      this._put(this._ledger, [ledger, [...live]], () =>
        ledgerTable(ledger.entries, live, entry => this._askBack(entry))
      );
    }
    if (signals !== null) {
      this._put(this._signals, signals, () => signalsTable(signals));
    }
    if (reports !== null) {
      this._put(this._drift, reports, () => driftTable(reports));
    }
    if (requests !== null) {
      this._put(this._requests, requests, () => requestsTable(requests));
    }
    if (series !== null) {
      const points = series.points.filter(point => point.deployment_id === '');
      const line = (label: string, colour: number, of: (point: IPoint) => number | null) => ({
        label,
        colour,
        points: withGaps(
          points.map(point => [Date.parse(point.at), of(point)]),
          series.step_s * 1000
        )
      });
      this._pictures.replaceChildren(
        linesPicture('Requests', 'each second', span, [
          line('Requests', 0, point => point.requests_per_s)
        ]),
        linesPicture('Latency', 'ms', span, [
          line('p50', 0, point => point.p50_ms),
          line('p95', 1, point => point.p95_ms),
          line('p99', 2, point => point.p99_ms)
        ]),
        linesPicture('Errors', '%', span, [
          line('Errors', 3, point => (point.error_share === null ? null : 100 * point.error_share))
        ]),
        linesPicture('Replicas', '', span, [line('Replicas', 4, point => point.ready)]),
        ...(ledger === null
          ? []
          : [
              bandsPicture('Split', span, stretchesOf(ledger.entries, span), version =>
                this._colour(version)
              )
            ])
      );
    }
  }

  /** Draw a part when its data has changed; the focus goes to what has the same key. */
  private _put(place: HTMLElement, data: unknown, make: () => HTMLElement): void {
    const text = JSON.stringify(data);
    if (this._drawn.get(place) === text) {
      return;
    }
    this._drawn.set(place, text);
    const focused = document.activeElement;
    const key =
      focused instanceof HTMLElement && place.contains(focused) ? focused.dataset.key : undefined;
    place.replaceChildren(make());
    if (key !== undefined) {
      place.querySelector<HTMLElement>(`[data-key="${CSS.escape(key)}"]`)?.focus();
    }
  }

  private _colour(version: string): number {
    const known = this._colours.get(version) ?? this._colours.size;
    this._colours.set(version, known);
    return known;
  }

  private _askBack(entry: ILedgerEntry): void {
    this._confirm(`Send all requests of ${this._name} back to ${entry.version}?`, [], 'Roll back', {
      path: 'rollback',
      method: 'POST',
      body: { deployment_id: entry.deployment_id, why: '' }
    });
  }

  private async _plan(shares: Readonly<Record<string, number>>): Promise<void> {
    const applied: IApplied = await ask(this._source, isApplied, { path: 'definition' });
    const definition = withSplit(applied, shares);
    const plan = await ask(this._source, isPlan, {
      path: 'plan',
      method: 'POST',
      body: { definition }
    });
    this._confirm(`Apply this to ${this._name}?`, plan.actions, 'Apply', {
      path: 'definition',
      method: 'PUT',
      body: { definition, why: 'traffic shifted', confirm: true },
      ifMatch: `"${applied.generation}"`
    });
  }

  /** Ask the reader, in the page and not by a dialog that stops everything. */
  private _confirm(question: string, lines: readonly string[], word: string, call: ICall): void {
    const close = (): void => {
      this._question.replaceChildren();
      this._question.hidden = true;
    };
    const yes = button(
      'rsp-button rsp-is-main',
      {},
      () => {
        close();
        void this._do(async () => {
          await this._source.call(call);
          this._form.reset();
          await this._readRest();
        });
      },
      word
    );
    this._question.replaceChildren(
      html('p', '', {}, question),
      html('ul', '', {}, ...lines.map(line => html('li', '', {}, line))),
      html('div', 'rsp-actions', {}, yes, button('rsp-button', {}, close, 'Cancel'))
    );
    this._question.hidden = false;
    yes.focus();
  }

  private async _do(action: () => Promise<void>): Promise<void> {
    try {
      this._problem = '';
      await action();
    } catch (error) {
      this._problem = sentenceOf(error);
    }
    this._showFailure();
  }

  private readonly _root = rootOf('rsp-endpoint');
  private readonly _state = html('span', 'rsp-state', {}, 'loading…');
  private readonly _failure = html('p', 'rsp-failure', { role: 'alert', hidden: true });
  private readonly _question = html('div', 'rsp-question', {
    role: 'alertdialog',
    'aria-label': 'Confirm',
    hidden: true
  });
  private readonly _tiles = html('dl', 'rsp-tiles');
  private readonly _pictures = html('div', 'rsp-times');
  private readonly _rollout = html('div');
  private readonly _signals = html('div');
  private readonly _ledger = html('div');
  private readonly _drift = html('div');
  private readonly _requests = html('div');
  private readonly _form: SplitForm;
  private readonly _known: IKnown = {
    now: null,
    series: null,
    ledger: null,
    signals: null,
    reports: null,
    requests: null
  };
  private readonly _failed = new Map<string, string>();
  private readonly _drawn = new Map<HTMLElement, string>();
  private readonly _colours = new Map<string, number>();
  private readonly _timers: ReturnType<typeof setInterval>[] = [];
  private _events: EventSource | null = null;
  private _isDisposed = false;
  private _isAsking = false;
  private _problem = '';
  private _rolloutKey = '';
}

/** Points with a gap where nothing was counted for longer than two steps. */
function withGaps(
  points: readonly (readonly [number, number | null])[],
  stepMs: number
): (readonly [number, number | null])[] {
  return points.flatMap((point, index) => {
    const before = points[index - 1];
    const isGap = before !== undefined && point[0] - before[0] > 2.5 * stepMs;
    return isGap ? [[before[0] + stepMs, null] as const, point] : [point];
  });
}
