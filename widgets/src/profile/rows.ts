/** A list of which only the visible rows exist, so that thousands of columns stay fluent. */

import { around, html } from '../dom';

/** How a list gets and shows its rows. */
export interface IRowsOptions<Row> {
  readonly label: string;
  /** Pixels. */
  readonly rowHeight: number;
  /** The elements of a row. */
  readonly draw: (row: Row) => HTMLElement;
  /** Called with the row that the reader points at or has focused. */
  readonly onPoint: (row: Row, event: Event) => void;
}

/** Rows beyond the window that exist too. */
const SPARE = 6;

export class Rows<Row> {
  constructor(private readonly _options: IRowsOptions<Row>) {
    this._sheet = html('div', 'rsp-rows-sheet', { role: 'rowgroup' });
    this.node = html('div', 'rsp-rows', { role: 'none' }, this._sheet);
    this.node.addEventListener('scroll', this._onScroll, { passive: true });
    this.node.addEventListener('keydown', this._onKey);
    this.node.addEventListener('pointermove', this._onPoint);
    this.node.addEventListener('focusin', this._onPoint);
    if (typeof ResizeObserver !== 'undefined') {
      this._observer = new ResizeObserver(() => this._draw());
      this._observer.observe(this.node);
    }
  }

  readonly node: HTMLElement;

  /** Show other rows, from the first on. */
  show(rows: readonly Row[]): void {
    this._rows = rows;
    this._drawn.clear();
    this._sheet.replaceChildren();
    this._sheet.style.height = `${rows.length * this._options.rowHeight}px`;
    this.node.scrollTop = 0;
    this._active = 0;
    this._draw();
  }

  dispose(): void {
    this._observer?.disconnect();
    cancelAnimationFrame(this._frame);
  }

  private readonly _onScroll = (): void => {
    cancelAnimationFrame(this._frame);
    this._frame = requestAnimationFrame(() => this._draw());
  };

  /** Make the rows that can be seen, drop those that cannot; the one with the focus stays. */
  private _draw(): void {
    const { rowHeight, draw } = this._options;
    const height = this.node.clientHeight || 600;
    const first = Math.max(0, Math.floor(this.node.scrollTop / rowHeight) - SPARE);
    const last = Math.min(
      this._rows.length,
      Math.ceil((this.node.scrollTop + height) / rowHeight) + SPARE
    );
    for (const [index, made] of this._drawn) {
      if ((index < first || index >= last) && !made.contains(document.activeElement)) {
        made.remove();
        this._drawn.delete(index);
      }
    }
    for (let index = first; index < last; index += 1) {
      const row = this._rows[index];
      if (row !== undefined && !this._drawn.has(index)) {
        const made = draw(row);
        made.classList.add('rsp-row');
        made.setAttribute('role', 'row');
        made.setAttribute('aria-rowindex', String(index + 2));
        made.dataset['index'] = String(index);
        made.tabIndex = index === this._active ? 0 : -1;
        made.style.top = `${index * rowHeight}px`;
        made.style.height = `${rowHeight}px`;
        this._drawn.set(index, made);
        this._sheet.append(made);
      }
    }
  }

  private readonly _onPoint = (event: Event): void => {
    const index = Number(around(event, '.rsp-row')?.dataset['index'] ?? NaN);
    const row = this._rows[index];
    if (row !== undefined) {
      this._options.onPoint(row, event);
    }
  };

  private readonly _onKey = (event: KeyboardEvent): void => {
    const page = Math.max(1, Math.floor(this.node.clientHeight / this._options.rowHeight));
    const last = this._rows.length - 1;
    const target = new Map([
      ['ArrowDown', this._active + 1],
      ['ArrowUp', this._active - 1],
      ['PageDown', this._active + page],
      ['PageUp', this._active - page],
      ['Home', 0],
      ['End', last]
    ]).get(event.key);
    if (target === undefined || event.ctrlKey || event.metaKey || event.altKey) {
      return;
    }
    this._focus(Math.max(0, Math.min(last, target)));
    event.preventDefault();
    event.stopPropagation();
  };

  private _focus(index: number): void {
    const { rowHeight } = this._options;
    const { node } = this;
    this._drawn.get(this._active)?.setAttribute('tabindex', '-1');
    this._active = index;
    node.scrollTop = Math.min(
      index * rowHeight,
      Math.max(node.scrollTop, (index + 1) * rowHeight - node.clientHeight)
    );
    this._draw();
    const row = this._drawn.get(index);
    row?.setAttribute('tabindex', '0');
    row?.focus({ preventScroll: true });
  }

  private readonly _sheet: HTMLElement;
  private readonly _observer: ResizeObserver | undefined;
  private readonly _drawn = new Map<number, HTMLElement>();
  private _rows: readonly Row[] = [];
  private _active = 0;
  private _frame = 0;
}
