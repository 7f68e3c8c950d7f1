/** Shares of requests to be given to versions: asked for, planned, confirmed, applied. */

import { button, html } from '../dom';
import type { IApplied } from './data';

/** What the definition would be with other shares; versions without a share are left out. */
export function withSplit(
  applied: IApplied,
  shares: Readonly<Record<string, number>>
): Record<string, unknown> {
  const given = Object.entries(shares).filter(([, share]) => share > 0);
  const [only] = given;
  const base = { ...applied.definition, follow: false };
  return given.length === 1 && only !== undefined
    ? { ...base, model: only[0], split: {} }
    : { ...base, model: '', split: Object.fromEntries(given) };
}

/** Per cent as typed; null where they are none, or do not sum to 100. */
export function sharesOf(texts: Readonly<Record<string, string>>): Record<string, number> | null {
  const percents = Object.entries(texts).map(
    ([name, text]) => [name, Number(text || '0')] as const
  );
  const sum = percents.reduce((total, [, percent]) => total + percent, 0);
  const isWrong = percents.some(([, percent]) => !(percent >= 0 && percent <= 100));
  if (isWrong || Math.abs(sum - 100) > 1e-6) {
    return null;
  }
  return Object.fromEntries(percents.map(([name, percent]) => [name, percent / 100]));
}

/** A form of the shares of versions; a version can be added. */
export class SplitForm {
  constructor(private readonly _onPlan: (shares: Readonly<Record<string, number>>) => void) {
    this._fields = html('div', 'rsp-split-fields');
    this._sum = html('output', 'rsp-note');
    this._send = button('rsp-button', { 'data-key': 'plan' }, () => this._plan(), 'Plan…');
    const other = html('input', '', {
      type: 'text',
      placeholder: 'another version, such as penguins@4',
      'aria-label': 'Another version'
    });
    other.addEventListener('change', () => {
      const name = other.value.trim();
      if (/^[^@\s]+@\S+$/.test(name) && !this._inputs.has(name)) {
        this._add(name, 0);
        other.value = '';
      }
    });
    this.node = html(
      'div',
      'rsp-split',
      {},
      this._fields,
      html('div', 'rsp-actions', {}, other, this._send, this._sum)
    );
  }

  readonly node: HTMLElement;

  /** Show shares, unless the reader has begun to change them. */
  show(shares: ReadonlyMap<string, number>): void {
    const key = JSON.stringify([...shares]);
    if (this._isChanged || key === this._shown) {
      return;
    }
    this._shown = key;
    this._inputs.clear();
    this._fields.replaceChildren();
    shares.forEach((share, name) => this._add(name, share));
    this._count();
  }

  /** Show what is in force again. */
  reset(): void {
    this._isChanged = false;
    this._shown = '';
  }

  private _add(name: string, share: number): void {
    const value = String(Number((100 * share).toFixed(2)));
    const slider = html('input', '', {
      type: 'range',
      min: 0,
      max: 100,
      step: 1,
      'aria-label': `Share of ${name}, slider`
    });
    const input = html('input', '', {
      type: 'number',
      min: 0,
      max: 100,
      step: 'any',
      'aria-label': `Share of ${name} in per cent`
    });
    slider.value = input.value = value;
    const changed = (from: HTMLInputElement, to: HTMLInputElement): void => {
      this._isChanged = true;
      to.value = from.value;
      this._balance(name);
      this._count();
    };
    slider.addEventListener('input', () => changed(slider, input));
    input.addEventListener('input', () => changed(input, slider));
    this._inputs.set(name, [input, slider]);
    this._fields.append(html('label', '', {}, html('span', '', {}, name), slider, input, '%'));
  }

  /** With two versions, one gets what the other does not. */
  private _balance(changed: string): void {
    const others = [...this._inputs].filter(([name]) => name !== changed);
    const [other] = others;
    const value = Number(this._inputs.get(changed)?.[0].value);
    if (others.length === 1 && other !== undefined && value >= 0 && value <= 100) {
      other[1].forEach(input => (input.value = String(Number((100 - value).toFixed(2)))));
    }
  }

  private _shares(): Record<string, number> | null {
    return sharesOf(
      Object.fromEntries([...this._inputs].map(([name, [input]]) => [name, input.value]))
    );
  }

  private _count(): void {
    const isRight = this._shares() !== null;
    this._send.disabled = !isRight || !this._isChanged;
    this._sum.textContent = isRight ? '' : 'Shares are 0 to 100 % and sum to 100 %.';
  }

  private _plan(): void {
    const shares = this._shares();
    if (shares !== null) {
      this._onPlan(shares);
    }
  }

  private readonly _fields: HTMLElement;
  private readonly _sum: HTMLElement;
  private readonly _send: HTMLButtonElement;
  private readonly _inputs = new Map<string, readonly [HTMLInputElement, HTMLInputElement]>();
  private _isChanged = false;
  private _shown = '';
}
