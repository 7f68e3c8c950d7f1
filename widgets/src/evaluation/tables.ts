/** The tables of an evaluation: confusion matrix and slices. */

import { around, button, html } from '../dom';
import type { ITranslation } from '../picture';
import { numberText, shareText } from '../text';
import type { IConfusion, IEvaluation, ISlice } from './data';
import { badness } from './data';

/** Counts, and the share of each row; the darker, the larger the share. */
export function confusionTable({ labels, counts }: IConfusion, trans: ITranslation): HTMLElement {
  const head = html(
    'tr',
    '',
    {},
    html('td', 'rsp-corner', {}, trans.__('true ↓ predicted →')),
    ...labels.map(label => html('th', '', { scope: 'col', title: label }, label))
  );
  const rows = counts.map((row, truth) => {
    const total = row.reduce((sum, count) => sum + count, 0);
    const cells = row.map((count, guess) => {
      const share = total === 0 ? 0 : count / total;
      const made = html(
        'td',
        truth === guess ? 'rsp-right' : 'rsp-wrong',
        {
          title: trans.__(
            '%1 of the rows with %2 were predicted as %3',
            shareText(share),
            labels[truth] ?? '',
            labels[guess] ?? ''
          )
        },
        html('span', '', {}, numberText(count)),
        html('span', 'rsp-share', {}, shareText(share))
      );
      made.style.setProperty('--rsp-heat', `${Math.round(8 + 62 * share) * Math.sign(share)}%`);
      return made;
    });
    return html(
      'tr',
      '',
      {},
      html('th', '', { scope: 'row', title: labels[truth] ?? '' }, labels[truth] ?? ''),
      ...cells
    );
  });
  const table = html(
    'table',
    'rsp-confusion',
    {},
    html('thead', '', {}, head),
    html('tbody', '', {}, ...rows)
  );
  const title = trans.__('Confusion matrix');
  const window = html(
    'div',
    'rsp-window',
    { tabindex: '0', role: 'region', 'aria-label': title },
    table
  );
  return html('figure', 'rsp-chart', {}, html('h3', '', {}, title), window);
}

type SliceKey = 'slice' | 'rows' | `metric:${string}`;

/** The metrics of parts of the data; the worst of each metric stands out. */
export class Slices {
  constructor(private readonly _trans: ITranslation) {
    this.node.addEventListener('click', this._onSort);
  }

  readonly node = html('section', 'rsp-slices');

  show(evaluation: IEvaluation): void {
    this._slices = evaluation.slices ?? [];
    this._whole = evaluation;
    const names = new Set(this._slices.flatMap(slice => Object.keys(slice.metrics)));
    this._metrics = Object.keys(evaluation.metrics).filter(name => names.has(name));
    this.node.hidden = this._slices.length === 0;
    this._draw(null);
  }

  private _draw(focus: SliceKey | null): void {
    const trans = this._trans;
    const head = [
      this._head('slice', trans.__('Slice')),
      this._head('rows', trans.__('Rows')),
      ...this._metrics.map(name => this._head(`metric:${name}`, name))
    ];
    const worst = new Map(this._metrics.map(name => [name, this._worst(name)]));
    const whole = html(
      'tr',
      'rsp-whole',
      {},
      html('th', '', { scope: 'row' }, trans.__('all')),
      html('td', '', {}, numberText(this._whole?.rows)),
      ...this._metrics.map(name => html('td', '', {}, numberText(this._whole?.metrics[name])))
    );
    const rows = this._sorted().map(slice =>
      html(
        'tr',
        '',
        {},
        html(
          'th',
          '',
          { scope: 'row' },
          html('span', 'rsp-faint', {}, slice.column),
          ` ${slice.value}`
        ),
        html('td', '', {}, numberText(slice.rows)),
        ...this._metrics.map(name => {
          const isWorst = worst.get(name) === slice;
          const cell = html('td', isWorst ? 'rsp-worst' : '', {}, numberText(slice.metrics[name]));
          if (isWorst) {
            cell.title = trans.__('the worst slice by %1', name);
          }
          return cell;
        })
      )
    );
    const table = html(
      'table',
      '',
      {},
      html('thead', '', {}, html('tr', '', {}, ...head)),
      html('tbody', '', {}, whole, ...rows)
    );
    const title = trans.__('Slices');
    const window = html(
      'div',
      'rsp-window',
      { tabindex: '0', role: 'region', 'aria-label': title },
      table
    );
    this.node.replaceChildren(html('h3', '', {}, title), window);
    if (focus !== null) {
      const heads = [...this.node.querySelectorAll<HTMLElement>('[data-sort]')];
      heads.find(each => each.dataset['sort'] === focus)?.focus();
    }
  }

  private _head(key: SliceKey, text: string): HTMLElement {
    const sort = key !== this._key ? 'none' : this._falling ? 'descending' : 'ascending';
    const sign = sort === 'none' ? '' : this._falling ? ' ↓' : ' ↑';
    return html(
      'th',
      '',
      { scope: 'col', 'aria-sort': sort },
      button('rsp-sort', { 'data-sort': key }, null, text + sign)
    );
  }

  private _worst(metric: string): ISlice | undefined {
    const known = this._slices.filter(slice => slice.metrics[metric] !== undefined);
    const bad = (slice: ISlice): number => badness(metric, slice.metrics[metric] ?? 0);
    return known.length < 2
      ? undefined
      : known.reduce((worst, slice) => (bad(slice) > bad(worst) ? slice : worst));
  }

  private _sorted(): readonly ISlice[] {
    const key = this._key;
    if (key === null) {
      return this._slices;
    }
    const sign = this._falling ? -1 : 1;
    const value = (slice: ISlice): number | undefined =>
      key === 'rows' ? slice.rows : slice.metrics[key.slice('metric:'.length)];
    return [...this._slices].sort((a, b) => {
      if (key === 'slice') {
        const names = [a, b].map(each => `${each.column} ${each.value}`);
        return sign * (names[0] ?? '').localeCompare(names[1] ?? '', 'en', { numeric: true });
      }
      const [x, y] = [value(a), value(b)];
      // A metric that a slice lacks goes last, whichever way.
      return x === undefined || y === undefined
        ? Number(x === undefined) - Number(y === undefined)
        : sign * (x - y);
    });
  }

  private readonly _onSort = (event: Event): void => {
    const key = around(event, '[data-sort]')?.dataset['sort'];
    if (key !== 'slice' && key !== 'rows' && !isMetricKey(key)) {
      return;
    }
    const metric = key.slice('metric:'.length);
    // The first click puts the worst first.
    const falls = key === 'rows' || (key !== 'slice' && badness(metric, 1) > 0);
    this._falling = key === this._key ? !this._falling : falls;
    this._key = key;
    this._draw(key);
  };

  private _whole: IEvaluation | null = null;
  private _slices: readonly ISlice[] = [];
  private _metrics: readonly string[] = [];
  private _key: SliceKey | null = null;
  private _falling = false;
}

function isMetricKey(key: string | undefined): key is `metric:${string}` {
  return key?.startsWith('metric:') ?? false;
}
