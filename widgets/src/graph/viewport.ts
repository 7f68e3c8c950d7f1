/** A window on a drawing: zoom by buttons, keys and ctrl-wheel; pan by dragging, arrows and scroll bars. */

import { button, html } from '../dom';
import type { ITranslation } from '../picture';

const SMALLEST = 0.15;
const LARGEST = 3;
const STEP = 1.25;
/** A first look is never smaller than this; beyond it the reader pans. */
const READABLE = 0.6;
const PAN = 60;

/** Pixels at a zoom of one. */
export interface ISize {
  readonly width: number;
  readonly height: number;
}

export class Viewport {
  constructor(
    private readonly _trans: ITranslation,
    label: string
  ) {
    this.canvas = html('div', 'rsp-canvas', { role: 'group', 'aria-label': label });
    this._sheet = html('div', 'rsp-sheet', {}, this.canvas);
    this.node = html('div', 'rsp-viewport', { tabindex: '0', 'aria-label': label }, this._sheet);
    this.node.setAttribute('role', 'region');
    this._zoomText = button('rsp-button rsp-zoom', { title: _trans.__('Actual size (0)') }, () =>
      this.zoomTo(1)
    );
    this.node.addEventListener('wheel', this._onWheel, { passive: false });
    this.node.addEventListener('pointerdown', this._onPress);
    this.node.addEventListener('click', this._onClick, true);
    if (typeof ResizeObserver !== 'undefined') {
      this._observer = new ResizeObserver(() => this._refit());
      this._observer.observe(this.node);
    }
  }

  readonly node: HTMLElement;
  readonly canvas: HTMLElement;

  /** The buttons that belong to it. */
  tools(): HTMLElement[] {
    const trans = this._trans;
    const minus = trans.__('Zoom out (−)');
    const plus = trans.__('Zoom in (+)');
    return [
      button('rsp-button', { title: minus, 'aria-label': minus }, () => this.zoomBy(1 / STEP), '−'),
      this._zoomText,
      button('rsp-button', { title: plus, 'aria-label': plus }, () => this.zoomBy(STEP), '+'),
      button('rsp-button', { title: trans.__('Show all of it') }, () => this.fit(), trans.__('Fit'))
    ];
  }

  get zoom(): number {
    return this._zoom;
  }

  /** Tell how large the drawing is; the zoom stays when the reader has chosen one. */
  resize(size: ISize): void {
    this._size = size;
    if (this._chosen) {
      this._apply();
    } else {
      this._refit();
    }
  }

  /** Make all of it visible. */
  fit(): void {
    this._chosen = true;
    const { clientWidth: width, clientHeight: height } = this.node;
    if (width > 0 && height > 0) {
      this._set(Math.min(1, width / this._size.width, Math.max(height, 160) / this._size.height));
    }
  }

  zoomBy(factor: number): void {
    this.zoomTo(this._zoom * factor);
  }

  /** Zoom; the point (of the window) stays where it is, the middle by default. */
  zoomTo(zoom: number, at?: { readonly x: number; readonly y: number }): void {
    this._chosen = true;
    const { node } = this;
    const { x, y } = at ?? { x: node.clientWidth / 2, y: node.clientHeight / 2 };
    const before = this._zoom;
    const left = node.scrollLeft + x;
    const top = node.scrollTop + y;
    this._set(zoom);
    node.scrollLeft = (left * this._zoom) / before - x;
    node.scrollTop = (top * this._zoom) / before - y;
  }

  /** Do what a key asks for; false when it asks for nothing here. */
  press(event: KeyboardEvent): boolean {
    if (event.ctrlKey || event.metaKey || event.altKey) {
      return false;
    }
    const moves = new Map<string, readonly [number, number]>([
      ['ArrowLeft', [-PAN, 0]],
      ['ArrowRight', [PAN, 0]],
      ['ArrowUp', [0, -PAN]],
      ['ArrowDown', [0, PAN]]
    ]);
    const move = moves.get(event.key);
    if (event.key === '+' || event.key === '=') {
      this.zoomBy(STEP);
    } else if (event.key === '-') {
      this.zoomBy(1 / STEP);
    } else if (event.key === '0') {
      this.zoomTo(1);
    } else if (move !== undefined) {
      this.node.scrollLeft += move[0];
      this.node.scrollTop += move[1];
    } else {
      return false;
    }
    return true;
  }

  dispose(): void {
    this._observer?.disconnect();
  }

  private _refit(): void {
    if (!this._chosen) {
      const width = this.node.clientWidth;
      this._set(width > 0 ? Math.min(1, Math.max(READABLE, width / this._size.width)) : 1);
    }
  }

  private _set(zoom: number): void {
    this._zoom = Math.min(LARGEST, Math.max(SMALLEST, zoom));
    this._apply();
  }

  private _apply(): void {
    const { width, height } = this._size;
    this.canvas.style.width = `${width}px`;
    this.canvas.style.height = `${height}px`;
    this.canvas.style.transform = `scale(${this._zoom})`;
    // What is scaled keeps its old size for the scroll bars; the sheet has the new one.
    this._sheet.style.width = `${Math.floor(width * this._zoom)}px`;
    this._sheet.style.height = `${Math.floor(height * this._zoom)}px`;
    this._zoomText.textContent = `${Math.round(100 * this._zoom)} %`;
  }

  private readonly _onWheel = (event: WheelEvent): void => {
    if (event.ctrlKey || event.metaKey) {
      event.preventDefault();
      const { left, top } = this.node.getBoundingClientRect();
      const factor = Math.exp(-Math.max(-50, Math.min(50, event.deltaY)) / 200);
      this.zoomTo(this._zoom * factor, { x: event.clientX - left, y: event.clientY - top });
    }
  };

  private readonly _onPress = (event: PointerEvent): void => {
    // Fingers pan by themselves.
    if (event.button !== 0 || event.pointerType === 'touch') {
      return;
    }
    const { node } = this;
    const start = {
      x: event.clientX,
      y: event.clientY,
      left: node.scrollLeft,
      top: node.scrollTop
    };
    this._dragged = false;
    const onMove = (move: PointerEvent): void => {
      const dx = move.clientX - start.x;
      const dy = move.clientY - start.y;
      if (!this._dragged && Math.hypot(dx, dy) > 4) {
        this._dragged = true;
        node.setPointerCapture(event.pointerId);
        node.classList.add('rsp-panning');
      }
      if (this._dragged) {
        node.scrollLeft = start.left - dx;
        node.scrollTop = start.top - dy;
      }
    };
    const stop = (): void => {
      node.removeEventListener('pointermove', onMove);
      node.removeEventListener('pointerup', stop);
      node.removeEventListener('pointercancel', stop);
      node.classList.remove('rsp-panning');
    };
    node.addEventListener('pointermove', onMove);
    node.addEventListener('pointerup', stop);
    node.addEventListener('pointercancel', stop);
  };

  /** The click that ends a drag chooses nothing. */
  private readonly _onClick = (event: MouseEvent): void => {
    if (this._dragged) {
      this._dragged = false;
      event.stopPropagation();
      event.preventDefault();
    }
  };

  private readonly _sheet: HTMLElement;
  private readonly _zoomText: HTMLButtonElement;
  private readonly _observer: ResizeObserver | undefined;
  private _size: ISize = { width: 1, height: 1 };
  private _zoom = 1;
  private _chosen = false;
  private _dragged = false;
}
