/** Pictures over time: lines, and bands that fill the height. */

import { ticks } from '../evaluation/chart';
import { html, svg } from '../dom';
import { numberText } from '../text';
import type { ILedgerEntry } from './data';

const SIZE = { width: 420, height: 150 } as const;
const INSET = { left: 46, right: 8, top: 8, bottom: 22 } as const;
const WIDTH = SIZE.width - INSET.left - INSET.right;
const HEIGHT = SIZE.height - INSET.top - INSET.bottom;

/** From when to when, in milliseconds since 1970. */
export interface ISpan {
  readonly begin: number;
  readonly end: number;
}

/** Values over time; null is a gap. */
export interface ILine {
  readonly label: string;
  /** Which of the colours, from 0. */
  readonly colour: number;
  readonly points: readonly (readonly [number, number | null])[];
}

function atX(moment: number, span: ISpan): number {
  return INSET.left + ((moment - span.begin) / (span.end - span.begin || 1)) * WIDTH;
}

function clockText(moment: number): string {
  return new Date(moment).toLocaleTimeString([], { hour: '2-digit', minute: '2-digit' });
}

function timeAxis(span: ISpan): SVGElement[] {
  return [0, 0.25, 0.5, 0.75, 1].map((part, index) => {
    const moment = span.begin + part * (span.end - span.begin);
    return svg(
      'text',
      {
        x: atX(moment, span),
        y: SIZE.height - 6,
        'text-anchor': index === 0 ? 'start' : index === 4 ? 'end' : 'middle'
      },
      clockText(moment)
    );
  });
}

/** The path of a line; where a value is missing, it begins anew. */
export function pathOf(line: ILine, span: ISpan, high: number): string {
  let path = '';
  let isDown = false;
  for (const [moment, value] of line.points) {
    if (value === null) {
      isDown = false;
      continue;
    }
    const y = INSET.top + (1 - value / high) * HEIGHT;
    path += `${isDown ? 'L' : 'M'}${atX(moment, span).toFixed(1)} ${y.toFixed(1)}`;
    // A point between two gaps is seen as a dot.
    path += isDown ? '' : 'h0.01';
    isDown = true;
  }
  return path;
}

function frame(title: string, summary: string, legend: Node[], parts: SVGElement[]): HTMLElement {
  const picture = svg(
    'svg',
    { viewBox: `0 0 ${SIZE.width} ${SIZE.height}`, role: 'img', 'aria-label': summary },
    ...parts
  );
  return html(
    'figure',
    'rsp-time',
    {},
    html(
      'figcaption',
      '',
      {},
      html('h3', '', {}, title),
      html('span', 'rsp-legend', {}, ...legend)
    ),
    picture
  );
}

function mark(label: string, colour: number): Node {
  return html('span', `rsp-colour-${colour % 6}`, {}, label);
}

/** Lines in one picture with a common axis from 0. */
export function linesPicture(
  title: string,
  unit: string,
  span: ISpan,
  lines: readonly ILine[]
): HTMLElement {
  const values = lines.flatMap(line =>
    line.points.flatMap(([, value]) => (value === null ? [] : [value]))
  );
  const top = Math.max(0, ...values);
  const high = top > 0 ? top * 1.1 : 1;
  const last = lines.map(line => {
    const value = line.points.at(-1)?.[1] ?? null;
    return `${line.label} ${value === null ? 'unknown' : numberText(value)}`;
  });
  const grid = ticks(0, high)
    .filter((_, index) => index % 2 === 0)
    .flatMap(value => {
      const y = INSET.top + (1 - value / high) * HEIGHT;
      return [
        svg('path', { class: 'rsp-grid', d: `M${INSET.left} ${y}h${WIDTH}` }),
        svg('text', { x: INSET.left - 6, y: y + 3.5, 'text-anchor': 'end' }, numberText(value))
      ];
    });
  const drawn = lines.map(line =>
    svg('path', { class: `rsp-line rsp-colour-${line.colour % 6}`, d: pathOf(line, span, high) })
  );
  const empty = svg(
    'text',
    { x: INSET.left + WIDTH / 2, y: INSET.top + HEIGHT / 2, 'text-anchor': 'middle' },
    'Nothing was counted yet.'
  );
  return frame(
    `${title}${unit ? `, ${unit}` : ''}`,
    values.length ? `${title}: ${last.join(', ')}` : `${title}: nothing yet`,
    lines.length > 1 ? lines.map(line => mark(line.label, line.colour)) : [],
    [...grid, ...timeAxis(span), ...(values.length ? drawn : [empty])]
  );
}

/** The share of each version from some moment on. */
export interface IStretch {
  readonly begin: number;
  readonly end: number;
  readonly shares: readonly (readonly [string, number])[];
}

/** What answered when, by a ledger (newest entry first), in the order of time. */
export function stretchesOf(entries: readonly ILedgerEntry[], span: ISpan): IStretch[] {
  const ordered = [...entries].sort((one, other) => one.id - other.id);
  const known = new Map<string, readonly [string, number]>();
  // Where the ledger was cut off, an entry tells what was before it.
  for (const entry of [...ordered].reverse()) {
    known.set(entry.deployment_id, [
      entry.version,
      entry.role === 'live' && entry.event !== 'created' ? entry.share_before : 0
    ]);
  }
  const stretches: IStretch[] = [];
  let begin = span.begin;
  const close = (end: number): void => {
    if (end > begin) {
      const byVersion = new Map<string, number>();
      for (const [version, share] of known.values()) {
        byVersion.set(version, (byVersion.get(version) ?? 0) + share);
      }
      const shares = [...byVersion].filter(([, share]) => share > 0);
      stretches.push({ begin, end, shares });
      begin = end;
    }
  };
  for (const entry of ordered) {
    const moment = Date.parse(entry.at);
    close(Math.min(moment, span.end));
    known.set(entry.deployment_id, [entry.version, entry.role === 'live' ? entry.share : 0]);
  }
  close(span.end);
  return stretches;
}

/** Which version answered which share of requests, as bands. */
export function bandsPicture(
  title: string,
  span: ISpan,
  stretches: readonly IStretch[],
  colourOf: (version: string) => number
): HTMLElement {
  const versions = [
    ...new Set(stretches.flatMap(each => each.shares.map(([name]) => name)))
  ].sort();
  const bands = stretches.flatMap(stretch => {
    let below = 0;
    return versions.flatMap(version => {
      const share = stretch.shares.find(([name]) => name === version)?.[1] ?? 0;
      const y = INSET.top + (1 - below - share) * HEIGHT;
      below += share;
      const x = atX(stretch.begin, span);
      return share > 0
        ? [
            svg('rect', {
              class: `rsp-band rsp-colour-${colourOf(version) % 6}`,
              x,
              y,
              width: Math.max(0.5, atX(stretch.end, span) - x),
              height: share * HEIGHT
            })
          ]
        : [];
    });
  });
  const scale = [0, 0.5, 1].map(value =>
    svg(
      'text',
      { x: INSET.left - 6, y: INSET.top + (1 - value) * HEIGHT + 3.5, 'text-anchor': 'end' },
      `${100 * value} %`
    )
  );
  const now = stretches
    .at(-1)
    ?.shares.map(([name, share]) => `${name} ${Math.round(100 * share)} %`);
  return frame(
    title,
    `${title}: now ${now?.length ? now.join(', ') : 'nothing'}`,
    versions.map(version => mark(version, colourOf(version))),
    [...bands, ...scale, ...timeAxis(span)]
  );
}
