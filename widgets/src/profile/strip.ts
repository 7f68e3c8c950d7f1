/** The strip under a list of columns: quantiles, means and counts of the column that the reader points at. */

import { html, svg } from '../dom';
import type { ITranslation } from '../picture';
import { dateText, numberText, shareText } from '../text';
import type { IColumnProfile } from './data';
import { missingShare } from './pair';
import type { IPair } from './pair';

const WIDTH = 240;
const ROW = 16;

/** A box plot: a line from the 1 % to the 99 % quantile, a box from quarter to three quarters, the median. */
function boxPlot(pair: IPair): SVGSVGElement | null {
  const all = [pair.train, pair.serve].flatMap(column => Object.values(column?.quantiles ?? {}));
  if (all.length === 0) {
    return null;
  }
  const low = Math.min(...all);
  const span = Math.max(...all) - low || 1;
  const picture = svg('svg', {
    class: 'rsp-boxplot',
    viewBox: `0 0 ${WIDTH} ${2 * ROW}`,
    width: WIDTH,
    height: 2 * ROW,
    'aria-hidden': 'true'
  });
  for (const [row, column] of [pair.train, pair.serve].entries()) {
    const at = (share: string): number =>
      (((column?.quantiles?.[share] ?? low) - low) / span) * (WIDTH - 8) + 4;
    if (!column?.quantiles) {
      continue;
    }
    const middle = (row + 0.5) * ROW;
    const box = at('0.75') - at('0.25');
    picture.append(
      svg(
        'g',
        { class: row === 0 ? 'rsp-train-mark' : 'rsp-serve-mark' },
        svg('path', { d: `M${at('0.01')} ${middle}H${at('0.99')}` }),
        svg('rect', { x: at('0.25'), y: middle - 5, width: Math.max(1, box), height: 10, rx: 2 }),
        svg('path', { class: 'rsp-median', d: `M${at('0.5')} ${middle - 6}v12` }),
        svg('circle', { cx: at('0'), cy: middle, r: 1.5 }),
        svg('circle', { cx: at('1'), cy: middle, r: 1.5 })
      )
    );
  }
  return picture;
}

function quantileTable(pair: IPair): HTMLElement | null {
  const columns = [pair.train, pair.serve].filter(column => column?.quantiles);
  const shares = Object.keys(columns[0]?.quantiles ?? {}).sort((a, b) => Number(a) - Number(b));
  if (shares.length === 0) {
    return null;
  }
  const text = (value: number | undefined): string =>
    value === undefined ? '–' : pair.dtype === 'datetime' ? dateText(value) : numberText(value);
  const head = shares.map(share => html('th', '', { scope: 'col' }, shareText(Number(share))));
  const rows = columns.map(column =>
    html(
      'tr',
      column === pair.train ? 'rsp-of-train' : 'rsp-of-serve',
      {},
      ...shares.map(share => html('td', '', {}, text(column?.quantiles?.[share])))
    )
  );
  return html(
    'table',
    'rsp-quantiles',
    {},
    html('thead', '', {}, html('tr', '', {}, ...head)),
    html('tbody', '', {}, ...rows)
  );
}

function line(column: IColumnProfile, side: string, trans: ITranslation): HTMLElement {
  const parts = [
    trans._n('%1 row', '%1 rows', column.rows),
    trans.__('%1 missing', shareText(missingShare(column)))
  ];
  if (column.mean !== null && column.mean !== undefined && column.dtype !== 'datetime') {
    const spread =
      column.std === null || column.std === undefined ? '' : ` ± ${numberText(column.std)}`;
    parts.push(trans.__('mean %1', numberText(column.mean) + spread));
  }
  return html('span', `rsp-line rsp-of-${side}`, {}, parts.join(' · '));
}

/** What the strip says about a column. */
export function stripOf(pair: IPair, trans: ITranslation): Node[] {
  const head = html('div', 'rsp-strip-head', {}, html('strong', '', {}, pair.name));
  if (pair.train !== null) {
    head.append(line(pair.train, 'train', trans));
  }
  if (pair.serve !== null) {
    head.append(line(pair.serve, 'serve', trans));
  }
  const parts: Node[] = [head];
  const body = [boxPlot(pair), quantileTable(pair)].filter(each => each !== null);
  const top = (pair.train ?? pair.serve)?.top ?? [];
  if (body.length === 0 && top.length > 0) {
    const texts = top
      .slice(0, 12)
      .map(
        ([value, count]) =>
          `${typeof value === 'string' ? value : String(value)} ${numberText(count)}`
      );
    body.push(html('span', 'rsp-faint', {}, texts.join(' · ')));
  }
  parts.push(html('div', 'rsp-strip-body', {}, ...body));
  return parts;
}
