/** A step: what goes in and what comes out side by side, and what it has learned about words and categories. */

import { html, rootOf } from '../dom';
import type { IOptions, IPicture, ITranslation } from '../picture';
import { ENGLISH } from '../picture';
import { jsonText, numberText } from '../text';
import { distributionCell, missingCell, nameCell } from './cells';
import type { IProfile, IStepData } from './data';
import type { IPair } from './pair';
import { chosenPairs, pairsOf } from './pair';
import { Rows } from './rows';
import { stripOf } from './strip';

const ROW_HEIGHT = 64;
const MOST_HEIGHT = 384;

/** Draw a step into an element. */
export function mountStepView(
  host: HTMLElement,
  step: IStepData,
  options: IOptions = {}
): IPicture<IStepData> {
  return new StepView(host, step, options);
}

/** The columns on one side of the step. */
class Side {
  constructor(label: string, trans: ITranslation, onPoint: (pair: IPair) => void) {
    this._trans = trans;
    this._label = label;
    this.rows = new Rows<IPair>({
      label,
      rowHeight: ROW_HEIGHT,
      draw: pair =>
        html(
          'div',
          '',
          {},
          nameCell(pair, false, trans),
          distributionCell(pair, trans),
          missingCell(pair)
        ),
      onPoint
    });
    this._heading = html('h3');
    const table = html(
      'div',
      'rsp-columns',
      { role: 'table', 'aria-label': label },
      this.rows.node
    );
    this.node = html('section', 'rsp-side', {}, this._heading, table);
  }

  show(profile: IProfile, words: string): void {
    const pairs = pairsOf(profile, null);
    const found = chosenPairs(pairs, words, 'order', false);
    const count = this._trans._n('%1 column', '%1 columns', pairs.length);
    this._heading.replaceChildren(this._label, ' ', html('span', 'rsp-faint', {}, count));
    this.rows.show(found);
  }

  readonly node: HTMLElement;
  readonly rows: Rows<IPair>;
  private readonly _label: string;
  private readonly _heading: HTMLElement;
  private readonly _trans: ITranslation;
}

class StepView implements IPicture<IStepData> {
  constructor(host: HTMLElement, step: IStepData, options: IOptions) {
    this._trans = options.trans ?? ENGLISH;
    const trans = this._trans;
    this._title = html('div', 'rsp-headline');
    this._filter = html('input', 'rsp-input', {
      type: 'search',
      placeholder: trans.__('Filter columns'),
      'aria-label': trans.__('Filter columns by name or type')
    });
    this._filter.addEventListener('input', () => this._list());
    const onPoint = (pair: IPair): void => this._point(pair);
    this._before = new Side(trans.__('Before'), trans, onPoint);
    this._after = new Side(trans.__('After'), trans, onPoint);
    this._strip = html('div', 'rsp-strip');
    this._learned = html('div', 'rsp-learned');
    const sides = html('div', 'rsp-sides', {}, this._before.node, this._after.node);
    const tools = html('div', 'rsp-toolbar', {}, this._title, this._filter);
    this._root.append(tools, html('div', 'rsp-box', {}, sides, this._strip), this._learned);
    host.append(this._root);
    this._data = step;
    this.update(step);
  }

  update(step: IStepData): void {
    this._data = step;
    const rows = step.rows ?? step.before.rows;
    this._title.replaceChildren(
      html('strong', '', {}, step.step),
      html('span', 'rsp-faint', {}, ` ${step.title} · ${this._trans._n('%1 row', '%1 rows', rows)}`)
    );
    const most = Math.max(step.before.columns.length, step.after.columns.length, 1);
    const height = `${Math.min(MOST_HEIGHT, most * ROW_HEIGHT)}px`;
    this._before.rows.node.style.height = height;
    this._after.rows.node.style.height = height;
    this._filter.hidden = most < 6;
    this._learned.replaceChildren(...this._vocabulary(), ...this._categories());
    this._list();
  }

  dispose(): void {
    this._before.rows.dispose();
    this._after.rows.dispose();
    this._root.remove();
  }

  private _list(): void {
    this._before.show(this._data.before, this._filter.value);
    this._after.show(this._data.after, this._filter.value);
    this._shown = null;
    const hint = this._trans.__('Point at a column for its quantiles.');
    this._strip.replaceChildren(html('span', 'rsp-faint', {}, hint));
  }

  private _point(pair: IPair): void {
    if (pair !== this._shown) {
      this._shown = pair;
      this._strip.replaceChildren(...stripOf(pair, this._trans));
    }
  }

  private _vocabulary(): HTMLElement[] {
    const words = this._data.vocabulary ?? [];
    if (words.length === 0) {
      return [];
    }
    const largest = Math.max(...words.map(([, weight]) => Math.abs(weight)), Number.MIN_VALUE);
    const rows = words.map(([word, weight]) => {
      const bar = html('span', 'rsp-fill-bar');
      bar.style.width = `${(100 * Math.abs(weight)) / largest}%`;
      return html(
        'li',
        '',
        {},
        html('span', 'rsp-word', { title: word }, word),
        html('span', 'rsp-track', {}, bar),
        html('span', 'rsp-figure', {}, numberText(weight))
      );
    });
    const heading = this._trans.__('Top %1 by weight', words.length);
    const list = html('ul', 'rsp-vocabulary', { tabindex: '0', 'aria-label': heading }, ...rows);
    return [html('section', '', {}, html('h3', '', {}, heading), list)];
  }

  private _categories(): HTMLElement[] {
    return Object.entries(this._data.categories ?? {}).map(([column, entries]) => {
      const heading = this._trans.__('Categories of %1', column);
      const rows = entries.map(([category, code]) =>
        html(
          'tr',
          '',
          {},
          html('td', '', {}, plain(category)),
          html('td', 'rsp-code', {}, plain(code))
        )
      );
      const head = html(
        'tr',
        '',
        {},
        html('th', '', { scope: 'col' }, this._trans.__('category')),
        html('th', '', { scope: 'col' }, this._trans.__('becomes'))
      );
      const table = html(
        'table',
        'rsp-categories',
        {},
        html('thead', '', {}, head),
        html('tbody', '', {}, ...rows)
      );
      const window = html(
        'div',
        'rsp-window',
        { tabindex: '0', role: 'region', 'aria-label': heading },
        table
      );
      return html('section', '', {}, html('h3', '', {}, heading), window);
    });
  }

  private readonly _root = rootOf('rsp-step-view');
  private readonly _trans: ITranslation;
  private readonly _title: HTMLElement;
  private readonly _filter: HTMLInputElement;
  private readonly _before: Side;
  private readonly _after: Side;
  private readonly _strip: HTMLElement;
  private readonly _learned: HTMLElement;
  private _data: IStepData;
  private _shown: IPair | null = null;
}

function plain(value: unknown): string {
  return typeof value === 'string' ? value : jsonText(value);
}
