/** The training data: a row per column, serving over training, sorted and filtered by the reader. */

import { around, button, html, rootOf } from '../dom';
import type { IOptions, IPicture, ITranslation } from '../picture';
import { ENGLISH } from '../picture';
import { numberText } from '../text';
import {
  associationCell,
  distinctCell,
  distributionCell,
  driftCell,
  missingCell,
  nameCell
} from './cells';
import type { IComparison } from './data';
import { distribution } from './distribution';
import type { IPair, SortKey } from './pair';
import { associationOf, chosenPairs, driftOf, pairsOf } from './pair';
import { Rows } from './rows';
import { stripOf } from './strip';

const ROW_HEIGHT = 64;
const MOST_HEIGHT = 512;

/** Draw what the columns hold into an element. */
export function mountTrainingData(
  host: HTMLElement,
  comparison: IComparison,
  options: IOptions = {}
): IPicture<IComparison> {
  return new TrainingData(host, comparison, options);
}

class TrainingData implements IPicture<IComparison> {
  constructor(host: HTMLElement, comparison: IComparison, options: IOptions) {
    this._trans = options.trans ?? ENGLISH;
    const trans = this._trans;
    this._filter = html('input', 'rsp-input', {
      type: 'search',
      placeholder: trans.__('Filter columns'),
      'aria-label': trans.__('Filter columns by name or type')
    });
    this._filter.addEventListener('input', () => this._list());
    this._count = html('span', 'rsp-faint', { role: 'status' });
    this._legend = html('span', 'rsp-legend');
    const tools = html('div', 'rsp-toolbar', {}, this._filter, this._count, this._legend);
    this._head = html('div', 'rsp-columns-head', { role: 'row' });
    this._rows = new Rows<IPair>({
      label: trans.__('Columns'),
      rowHeight: ROW_HEIGHT,
      draw: pair => this._row(pair),
      onPoint: (pair, event) => this._point(pair, event)
    });
    this._strip = html('div', 'rsp-strip', { id: `rsp-strip-${(serial += 1)}` });
    this._table = html('div', 'rsp-columns', { role: 'table', 'aria-label': trans.__('Columns') });
    this._table.append(this._head, this._rows.node);
    this._table.setAttribute('aria-describedby', this._strip.id);
    this._root.append(tools, html('div', 'rsp-box', {}, this._table, this._strip));
    this._head.addEventListener('click', this._onSort);
    host.append(this._root);
    this.update(comparison);
  }

  update(comparison: IComparison): void {
    const trans = this._trans;
    const serve = comparison.serve ?? null;
    this._compares = serve !== null;
    this._pairs = pairsOf(comparison.train, serve);
    const shows = {
      association: this._pairs.some(pair => associationOf(pair) !== null),
      drift: this._pairs.some(pair => driftOf(pair) !== null)
    };
    const heads: readonly (readonly [SortKey | null, string])[] = [
      ['name', trans.__('Column')],
      [null, trans.__('Distribution')],
      ['missing', trans.__('Missing')],
      ['distinct', trans.__('Distinct')],
      ...(shows.association ? [['association', trans.__('With the target')] as const] : []),
      ...(shows.drift ? [['drift', trans.__('Drift')] as const] : [])
    ];
    if (!heads.some(([key]) => key === this._sort)) {
      this._sort = 'order';
    }
    this._shows = shows;
    this._table.dataset['shows'] = String(heads.length);
    this._head.replaceChildren(...heads.map(([key, text]) => this._headCell(key, text)));
    this._legend.replaceChildren(
      html(
        'span',
        'rsp-key rsp-of-train',
        {},
        trans.__('training: %1 rows', numberText(comparison.train.rows))
      )
    );
    if (serve !== null) {
      this._legend.append(
        html(
          'span',
          'rsp-key rsp-of-serve',
          {},
          trans.__('serving: %1 rows', numberText(serve.rows))
        )
      );
    }
    const height = Math.min(MOST_HEIGHT, Math.max(1, this._pairs.length) * ROW_HEIGHT);
    this._rows.node.style.height = `${height}px`;
    this._list();
  }

  dispose(): void {
    this._rows.dispose();
    this._root.remove();
  }

  private _headCell(key: SortKey | null, text: string): HTMLElement {
    const made = html('div', '', { role: 'columnheader' });
    if (key === null) {
      made.append(text);
      return made;
    }
    const sort = key === this._sort ? (this._falling ? 'descending' : 'ascending') : 'none';
    made.setAttribute('aria-sort', sort);
    const sign = sort === 'none' ? '' : this._falling ? ' ↓' : ' ↑';
    made.append(button('rsp-sort', { 'data-sort': key }, null, text + sign));
    return made;
  }

  private _list(): void {
    const found = chosenPairs(this._pairs, this._filter.value, this._sort, this._falling);
    const trans = this._trans;
    this._count.textContent =
      found.length === this._pairs.length
        ? trans._n('%1 column', '%1 columns', found.length)
        : trans.__('%1 of %2 columns', numberText(found.length), numberText(this._pairs.length));
    this._table.setAttribute('aria-rowcount', String(found.length + 1));
    this._rows.show(found);
    this._shown = null;
    const hint = trans.__('Point at a column for its quantiles, at a bar for its count.');
    this._strip.replaceChildren(html('span', 'rsp-faint', {}, hint));
  }

  private readonly _onSort = (event: Event): void => {
    const wanted = around(event, '[data-sort]')?.dataset['sort'];
    const key = SORTS.find(each => each === wanted);
    if (key === undefined) {
      return;
    }
    // Names rise, figures fall; a second click turns it round, a third goes back to the table's order.
    const falls = key !== 'name';
    if (key !== this._sort) {
      this._sort = key;
      this._falling = falls;
    } else if (this._falling === falls) {
      this._falling = !falls;
    } else {
      this._sort = 'order';
      this._falling = false;
    }
    for (const head of this._head.querySelectorAll<HTMLElement>('[data-sort]')) {
      const name = SORTS.find(each => each === head.dataset['sort']) ?? null;
      const text = head.textContent.replace(/ [↓↑]$/, '');
      const made = this._headCell(name, text);
      head.parentElement?.replaceWith(made);
      if (name === key) {
        made.querySelector('button')?.focus();
      }
    }
    this._list();
  };

  private _row(pair: IPair): HTMLElement {
    const row = html(
      'div',
      '',
      {},
      nameCell(pair, this._compares, this._trans),
      distributionCell(pair, this._trans),
      missingCell(pair),
      distinctCell(pair)
    );
    if (this._shows.association) {
      row.append(associationCell(pair));
    }
    if (this._shows.drift) {
      row.append(driftCell(pair, this._trans));
    }
    return row;
  }

  private _point(pair: IPair, event: Event): void {
    if (pair !== this._shown) {
      this._shown = pair;
      this._strip.replaceChildren(...stripOf(pair, this._trans));
    }
    const picture = around(event, '.rsp-cell-distribution')?.querySelector('.rsp-distribution');
    const bar = this._strip.querySelector('.rsp-strip-bar') ?? html('span', 'rsp-strip-bar');
    bar.textContent = '';
    if (picture && event instanceof MouseEvent) {
      const { left, width } = picture.getBoundingClientRect();
      bar.textContent = distribution(pair)?.textAt((event.clientX - left) / width) ?? '';
    }
    this._strip.querySelector('.rsp-strip-head')?.append(bar);
  }

  private readonly _root = rootOf('rsp-training');
  private readonly _trans: ITranslation;
  private readonly _filter: HTMLInputElement;
  private readonly _count: HTMLElement;
  private readonly _legend: HTMLElement;
  private readonly _table: HTMLElement;
  private readonly _head: HTMLElement;
  private readonly _rows: Rows<IPair>;
  private readonly _strip: HTMLElement;
  private _pairs: readonly IPair[] = [];
  private _compares = false;
  private _shows = { association: false, drift: false };
  private _sort: SortKey = 'order';
  private _falling = false;
  private _shown: IPair | null = null;
}

const SORTS: readonly SortKey[] = ['order', 'name', 'missing', 'distinct', 'association', 'drift'];
/** Ids are the page's, and a page may hold many pictures. */
let serial = 0;
