/** A chart with two axes that a reader can point at, or walk through with the arrow keys. */

import { html, svg } from '../dom';
import { numberText } from '../text';

const SIZE = { width: 340, height: 250 } as const;
const INSET = { left: 52, right: 12, top: 10, bottom: 42 } as const;

/** The values from one end of an axis to the other. */
export interface IAxis {
  readonly label: string;
  readonly low: number;
  readonly high: number;
}

/** A place in the chart that has something to say. */
export interface ISpot {
  readonly x: number;
  readonly y: number;
  readonly text: string;
}

export interface IChartOptions {
  readonly title: string;
  readonly x: IAxis;
  readonly y: IAxis;
  /** What a screen reader says of the whole. */
  readonly summary: string;
  readonly spots: readonly ISpot[];
  /** Only the distance along x counts, as for bars and curves. */
  readonly alongX: boolean;
}

/** Round numbers within an axis, about five. */
export function ticks(low: number, high: number): number[] {
  const span = high - low;
  if (!(span > 0) || !Number.isFinite(span)) {
    return [low];
  }
  const rough = span / 5;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * ([1, 2, 2.5, 5, 10].find(each => each * power >= rough * 0.999) ?? 10);
  const first = Math.ceil(low / step - 1e-9);
  const count = Math.floor(high / step + 1e-9) - first + 1;
  return Array.from({ length: Math.max(0, count) }, (_, index) =>
    // Sums of decimal steps are not quite decimal.
    Number(((first + index) * step).toPrecision(12))
  );
}

/** The chart with its axes; what is in it is appended to `plot`. */
export class Chart {
  constructor(private readonly _options: IChartOptions) {
    const { title, summary, x, y } = _options;
    const { left, top } = INSET;
    this._mark = svg('circle', { class: 'rsp-spot', r: 4.5, visibility: 'hidden' });
    this.plot = svg('g', { class: 'rsp-plot' });
    this._readout = html('output', 'rsp-readout', {}, '\u00a0');
    const middle = left + this.width / 2;
    const picture = svg(
      'svg',
      {
        class: 'rsp-chart-picture',
        viewBox: `0 0 ${SIZE.width} ${SIZE.height}`,
        role: 'img',
        tabindex: '0',
        'aria-label': summary
      },
      ...this._grid(),
      this.plot,
      this._mark,
      svg(
        'text',
        { class: 'rsp-axis', x: middle, y: SIZE.height - 6, 'text-anchor': 'middle' },
        x.label
      ),
      svg(
        'text',
        {
          class: 'rsp-axis',
          transform: `translate(12 ${top + this.height / 2}) rotate(-90)`,
          'text-anchor': 'middle'
        },
        y.label
      )
    );
    picture.addEventListener('pointermove', this._onPoint);
    picture.addEventListener('pointerleave', () => this._show(-1));
    picture.addEventListener('keydown', this._onKey);
    picture.addEventListener('blur', () => this._show(-1));
    this._picture = picture;
    this.node = html('figure', 'rsp-chart', {}, html('h3', '', {}, title), picture, this._readout);
  }

  readonly node: HTMLElement;
  readonly plot: SVGGElement;
  readonly width = SIZE.width - INSET.left - INSET.right;
  readonly height = SIZE.height - INSET.top - INSET.bottom;

  /** Where a value is, in the units of the picture. */
  atX(value: number): number {
    const { low, high } = this._options.x;
    return INSET.left + ((value - low) / (high - low || 1)) * this.width;
  }

  atY(value: number): number {
    const { low, high } = this._options.y;
    return INSET.top + (1 - (value - low) / (high - low || 1)) * this.height;
  }

  /** The path through points. */
  line(points: readonly (readonly [number, number])[]): string {
    return points
      .map(
        ([x, y], index) => `${index ? 'L' : 'M'}${this.atX(x).toFixed(1)} ${this.atY(y).toFixed(1)}`
      )
      .join('');
  }

  private _grid(): SVGElement[] {
    const { x, y } = this._options;
    const { left, top } = INSET;
    const bottom = top + this.height;
    const across = ticks(x.low, x.high).flatMap(value => {
      const at = this.atX(value);
      return [
        svg('path', { class: 'rsp-grid', d: `M${at} ${top}V${bottom}` }),
        svg('text', { x: at, y: bottom + 14, 'text-anchor': 'middle' }, numberText(value))
      ];
    });
    const upwards = ticks(y.low, y.high).flatMap(value => {
      const at = this.atY(value);
      return [
        svg('path', { class: 'rsp-grid', d: `M${left} ${at}H${left + this.width}` }),
        svg('text', { x: left - 6, y: at + 3.5, 'text-anchor': 'end' }, numberText(value))
      ];
    });
    return [...across, ...upwards];
  }

  private readonly _onPoint = (event: PointerEvent): void => {
    const box = this._picture.getBoundingClientRect();
    const scale = SIZE.width / (box.width || SIZE.width);
    const x = (event.clientX - box.left) * scale;
    const y = (event.clientY - box.top) * scale;
    const { spots, alongX } = this._options;
    let best = -1;
    let nearest = alongX ? Infinity : 24;
    for (const [index, spot] of spots.entries()) {
      const dx = this.atX(spot.x) - x;
      const distance = alongX ? Math.abs(dx) : Math.hypot(dx, this.atY(spot.y) - y);
      if (distance < nearest) {
        nearest = distance;
        best = index;
      }
    }
    this._show(best);
  };

  private readonly _onKey = (event: KeyboardEvent): void => {
    const last = this._options.spots.length - 1;
    const target = new Map([
      ['ArrowRight', Math.min(last, this._shown + 1)],
      ['ArrowLeft', Math.max(0, this._shown - 1)],
      ['Home', 0],
      ['End', last]
    ]).get(event.key);
    if (target !== undefined && !event.ctrlKey && !event.metaKey && !event.altKey) {
      this._show(target);
      event.preventDefault();
      event.stopPropagation();
    }
  };

  private _show(index: number): void {
    const spot = this._options.spots[index];
    this._shown = spot === undefined ? -1 : index;
    this._mark.setAttribute('visibility', spot === undefined ? 'hidden' : 'visible');
    this._mark.setAttribute('cx', String(this.atX(spot?.x ?? 0)));
    this._mark.setAttribute('cy', String(this.atY(spot?.y ?? 0)));
    // An empty line keeps its height.
    this._readout.textContent = spot?.text ?? '\u00a0';
  }

  private readonly _picture: SVGSVGElement;
  private readonly _mark: SVGCircleElement;
  private readonly _readout: HTMLElement;
  private _shown = -1;
}
