/** The small picture of a column: a histogram or its most frequent values; serving over training. */

import { svg } from '../dom';
import { dateText, jsonText, numberText, shareText } from '../text';
import type { IColumnProfile } from './data';
import type { IPair } from './pair';

export const SIZE = { width: 220, height: 38 } as const;
const MOST_VALUES = 20;

/** A bar: where it is (shares of the width), and how high (share of the height). */
interface IBar {
  readonly left: number;
  readonly right: number;
  readonly train: number;
  readonly serve: number;
  readonly text: string;
}

/** The drawing of a column, and what its bars mean. */
export interface IDistribution {
  readonly picture: SVGSVGElement;
  /** The text of the bar at a share of the width. */
  readonly textAt: (share: number) => string;
}

function valueText(value: unknown): string {
  return typeof value === 'string' ? value : jsonText(value);
}

function present(column: IColumnProfile | null): number {
  return column === null ? 1 : Math.max(1, column.rows - column.missing);
}

/** Histograms as densities, so that bins of two widths can be compared. */
function histogramBars({ train, serve, dtype }: IPair): IBar[] {
  const both = [train, serve].map(column => column?.histogram ?? null);
  const edges = both.flatMap(each => each?.edges ?? []);
  const low = Math.min(...edges);
  const span = Math.max(...edges) - low || 1;
  const bars = both.map((histogram, side): IBar[] => {
    const counts = histogram?.counts ?? [];
    const total = counts.reduce((sum, count) => sum + count, 0) || 1;
    return counts.map((count, index) => {
      const from = histogram?.edges[index] ?? low;
      const to = histogram?.edges[index + 1] ?? from;
      const width = (to - from) / span;
      const density = width > 0 ? count / total / width : count / total;
      const range =
        dtype === 'datetime'
          ? `${dateText(from, span)} – ${dateText(to, span)}`
          : `${numberText(from)} – ${numberText(to)}`;
      return {
        left: width > 0 ? (from - low) / span : 0.4,
        right: width > 0 ? (to - low) / span : 0.6,
        train: side === 0 ? density : 0,
        serve: side === 1 ? density : 0,
        text: `${range}: ${numberText(count)} (${shareText(count / total)})`
      };
    });
  });
  return bars.flat();
}

/** The most frequent values, each its share of the rows that have one. */
function valueBars({ train, serve }: IPair): IBar[] {
  const counts = [train, serve].map(
    column => new Map((column?.top ?? []).map(([value, count]) => [valueText(value), count]))
  );
  const values = [...new Set(counts.flatMap(each => [...each.keys()]))].slice(0, MOST_VALUES);
  const slots = Math.max(values.length, 4);
  return values.map((value, index) => {
    const [a, b] = counts.map(each => each.get(value) ?? 0);
    const shares = [(a ?? 0) / present(train), (b ?? 0) / present(serve)] as const;
    const texts = [
      train === null ? '' : `${numberText(a)} (${shareText(shares[0])})`,
      serve === null ? '' : `${numberText(b)} (${shareText(shares[1])})`
    ];
    return {
      left: (index + 0.1) / slots,
      right: (index + 0.9) / slots,
      train: shares[0],
      serve: shares[1],
      text: `${value}: ${texts.filter(Boolean).join(' → ')}`
    };
  });
}

function barsPath(bars: readonly IBar[], height: (bar: IBar) => number): string {
  return bars
    .filter(bar => height(bar) > 0)
    .map(bar => {
      const x = bar.left * SIZE.width;
      const width = Math.max(1, (bar.right - bar.left) * SIZE.width - 0.8);
      const high = Math.max(1, height(bar) * (SIZE.height - 2));
      return `M${x.toFixed(1)} ${SIZE.height}v${(-high).toFixed(1)}h${width.toFixed(1)}v${high.toFixed(1)}z`;
    })
    .join('');
}

/** Draw a column; null when its profile has neither histogram nor values. */
export function distribution(pair: IPair): IDistribution | null {
  const isHistogram = [pair.train, pair.serve].some(
    column => (column?.histogram?.counts.length ?? 0) > 0
  );
  const bars = isHistogram ? histogramBars(pair) : valueBars(pair);
  if (bars.length === 0) {
    return null;
  }
  const highest = Math.max(...bars.map(bar => Math.max(bar.train, bar.serve)), Number.MIN_VALUE);
  const picture = svg(
    'svg',
    {
      class: 'rsp-distribution',
      viewBox: `0 0 ${SIZE.width} ${SIZE.height}`,
      preserveAspectRatio: 'none',
      'aria-hidden': 'true'
    },
    svg('path', { class: 'rsp-base', d: `M0 ${SIZE.height - 0.5}h${SIZE.width}` }),
    svg('path', { class: 'rsp-train-bars', d: barsPath(bars, bar => bar.train / highest) })
  );
  if (pair.serve !== null) {
    picture.append(
      svg('path', { class: 'rsp-serve-bars', d: barsPath(bars, bar => bar.serve / highest) })
    );
  }
  const textAt = (share: number): string =>
    bars
      .filter(bar => bar.left <= share && share < bar.right + 1e-9)
      .map(bar => bar.text)
      .join(' → ');
  return { picture, textAt };
}

/** The words under the picture: ends of a histogram, or the first values. */
export function caption({ train, serve, dtype }: IPair): readonly [string, string] {
  const column = train ?? serve;
  const edges = column?.histogram?.edges ?? [];
  const [first, last] = [edges[0], edges.at(-1)];
  if (first !== undefined && last !== undefined) {
    const text = (value: number): string =>
      dtype === 'datetime' ? dateText(value, last - first) : numberText(value);
    return [text(first), text(last)];
  }
  const values = (column?.top ?? []).slice(0, 4).map(([value]) => valueText(value));
  return [values.join(' · '), ''];
}
