/** Lists of an endpoint: signals, drift, requests, ledger. */

import { button, html } from '../dom';
import { jsonText, numberText, shareText } from '../text';
import type { ILedgerEntry, IReport, IRequests, ISignal } from './data';

type Cell = string | Node;

/** A moment as the reader's clock shows it. */
export function momentText(moment: string): string {
  const date = new Date(moment);
  return Number.isNaN(date.getTime())
    ? moment
    : date.toLocaleString([], {
        month: 'short',
        day: 'numeric',
        hour: '2-digit',
        minute: '2-digit',
        second: '2-digit'
      });
}

function table(
  label: string,
  heads: readonly string[],
  rows: readonly (readonly Cell[])[]
): HTMLElement {
  const head = html('tr', '', {}, ...heads.map(each => html('th', '', { scope: 'col' }, each)));
  const body = rows.map(row => html('tr', '', {}, ...row.map(cell => html('td', '', {}, cell))));
  const made = html(
    'table',
    'rsp-list',
    {},
    html('thead', '', {}, head),
    html('tbody', '', {}, ...body)
  );
  return html('div', 'rsp-scroll', { tabindex: '0', role: 'region', 'aria-label': label }, made);
}

function empty(sentence: string): HTMLElement {
  return html('p', 'rsp-empty', {}, sentence);
}

function severity(name: string): HTMLElement {
  return html('span', `rsp-severity rsp-severity-${name}`, {}, name);
}

/** What is wrong, and what was. */
export function signalsTable(signals: readonly ISignal[]): HTMLElement {
  if (signals.length === 0) {
    return empty('Nothing is wrong, and nothing was lately.');
  }
  return table(
    'Signals',
    ['', 'What', 'Since', 'Until'],
    signals.map(each => [
      each.closed_at === null ? severity(each.severity) : html('span', 'rsp-severity', {}, 'over'),
      each.sentence,
      momentText(each.first_seen),
      each.closed_at === null ? 'now' : momentText(each.closed_at)
    ])
  );
}

const NAMES: Readonly<Record<string, string>> = {
  'input-drift': 'Stability index',
  'score-drift': 'Stability index of answers',
  'missing-share': 'Missing',
  'unseen-share': 'Unseen values',
  'live-metric': 'Metric',
  labels: 'Labels'
};

/** How far inputs and answers of each version are from training, column by column. */
export function driftTable(reports: readonly IReport[]): HTMLElement {
  if (reports.length === 0) {
    return empty('The monitors have not looked yet; they do so each minute.');
  }
  const parts = reports.flatMap(report => {
    const from = { events: 'by its events', scores: 'by what its replicas count' }[report.source];
    const rows = report.findings
      .filter(each => each.name !== 'unusable-labels')
      .map(each => [
        each.subject || '–',
        NAMES[each.name] ?? each.name,
        each.name.endsWith('-share') ? shareText(each.value) : numberText(each.value),
        each.threshold === null ? '' : bar(each.value / each.threshold, each.severity),
        severity(each.severity)
      ]);
    return [
      html('h4', '', {}, `${report.version}${from ? `, ${from}: ${report.rows} predictions` : ''}`),
      ...(report.note ? [html('p', 'rsp-note', {}, report.note)] : []),
      ...(rows.length
        ? [
            table(
              `Drift of ${report.version}`,
              ['Column', 'Measure', 'Value', 'Of its limit', ''],
              rows
            )
          ]
        : [])
    ];
  });
  return html('div', '', {}, ...parts);
}

function bar(part: number, name: string): HTMLElement {
  const width = Math.max(0, Math.min(100, 100 * part));
  return html(
    'span',
    `rsp-meter rsp-severity-${name}`,
    { title: `${Math.round(100 * part)} % of the limit` },
    html('i', '', { style: `inline-size: ${width.toFixed(1)}%` })
  );
}

/** The newest requests that were kept. */
export function requestsTable(requests: IRequests): HTMLElement {
  const note = requests.note ? [html('p', 'rsp-note', {}, requests.note)] : [];
  if (requests.items.length === 0) {
    return html(
      'div',
      '',
      {},
      ...note,
      ...(note.length ? [] : [empty('Nothing was asked in the last day.')])
    );
  }
  const rows = requests.items.map(each => [
    momentText(each.at),
    each.version,
    html(
      'span',
      each.status < 400 ? '' : 'rsp-severity rsp-severity-critical',
      {},
      String(each.status)
    ),
    `${numberText(each.latency_ms)} ms`,
    each.caller ?? '',
    html('code', '', { title: jsonText(each.inputs, 2000) }, jsonText(each.inputs, 80)),
    html('code', '', { title: jsonText(each.outputs, 2000) }, jsonText(each.outputs, 80))
  ]);
  const heads = ['When', 'Version', 'Status', 'In', 'Caller', 'Asked', 'Answered'];
  return html('div', '', {}, ...note, table('Recent requests', heads, rows));
}

/** What changed, newest first; where it answered, one can go back to it. */
export function ledgerTable(
  entries: readonly ILedgerEntry[],
  live: ReadonlySet<string>,
  onBack: ((entry: ILedgerEntry) => void) | null
): HTMLElement {
  if (entries.length === 0) {
    return empty('Nothing was deployed here yet.');
  }
  const answered = new Set(
    entries
      .filter(each => each.role === 'live' && (each.share > 0 || each.share_before > 0))
      .map(each => each.deployment_id)
  );
  const seen = new Set<string>();
  const rows = entries.map(entry => {
    const isFirst = !seen.has(entry.deployment_id);
    seen.add(entry.deployment_id);
    const canGoBack =
      onBack !== null &&
      isFirst &&
      answered.has(entry.deployment_id) &&
      !live.has(entry.deployment_id);
    return [
      momentText(entry.at),
      entry.version,
      entry.event,
      `${entry.role === 'shadow' ? 'shadow ' : ''}${shareText(entry.share_before)} → ${shareText(entry.share)}`,
      entry.who,
      entry.why,
      canGoBack
        ? button(
            'rsp-button',
            {
              'aria-label': `Roll back to ${entry.version} of ${momentText(entry.at)}`,
              'data-key': `back-${entry.id}`
            },
            () => onBack(entry),
            'Roll back'
          )
        : ''
    ];
  });
  return table('Ledger', ['When', 'Version', 'What', 'Share', 'Who', 'Why', ''], rows);
}
