/** How good a model is: tiles, matrix, curves, slices. */

import { html, rootOf, svg } from '../dom';
import type { IOptions, IPicture, ITranslation } from '../picture';
import { ENGLISH } from '../picture';
import { numberText } from '../text';
import { calibrationChart, residualChart, rocChart, scatterChart } from './curves';
import type { IEvaluation } from './data';
import { confusionTable, Slices } from './tables';

/** Draw an evaluation into an element. */
export function mountEvaluation(
  host: HTMLElement,
  evaluation: IEvaluation,
  options: IOptions = {}
): IPicture<IEvaluation> {
  return new EvaluationPicture(host, evaluation, options);
}

class EvaluationPicture implements IPicture<IEvaluation> {
  constructor(host: HTMLElement, evaluation: IEvaluation, options: IOptions) {
    this._trans = options.trans ?? ENGLISH;
    this._slices = new Slices(this._trans);
    this._root.append(this._line, this._tiles, this._charts, this._slices.node);
    host.append(this._root);
    this.update(evaluation);
  }

  update(evaluation: IEvaluation): void {
    const trans = this._trans;
    this._line.textContent = trans._n(
      '%2 · %1 row',
      '%2 · %1 rows',
      evaluation.rows,
      evaluation.task
    );
    const tiles = Object.entries(evaluation.metrics).map(([name, value]) =>
      this._tile(name, value, evaluation.intervals?.[name] ?? null)
    );
    this._tiles.replaceChildren(...tiles);
    const { confusion, calibration, roc, residuals, predicted_actual: scatter } = evaluation;
    const charts: HTMLElement[] = [];
    if (confusion) {
      charts.push(confusionTable(confusion, trans));
    }
    if (roc) {
      charts.push(rocChart(roc, evaluation.metrics['roc_auc'], trans));
    }
    if (calibration) {
      charts.push(calibrationChart(calibration, trans));
    }
    if (scatter && scatter.predicted.length > 0) {
      charts.push(scatterChart(scatter, trans));
    }
    if (residuals && residuals.counts.length > 0) {
      charts.push(residualChart(residuals, trans));
    }
    this._charts.replaceChildren(...charts);
    this._slices.show(evaluation);
  }

  dispose(): void {
    this._root.remove();
  }

  private _tile(
    name: string,
    value: number,
    interval: readonly [number, number] | null
  ): HTMLElement {
    const tile = html(
      'div',
      'rsp-tile',
      {},
      html('dt', '', {}, name),
      html('dd', '', {}, numberText(value))
    );
    if (interval !== null) {
      const [low, high] = interval;
      const text = `${numberText(low)} – ${numberText(high)}`;
      const title = this._trans.__('95 % interval: %1', text);
      tile.append(html('dd', 'rsp-interval', { title }, whisker(value, low, high), text));
    }
    return tile;
  }

  private readonly _root = rootOf('rsp-evaluation');
  private readonly _line = html('p', 'rsp-faint');
  private readonly _tiles = html('dl', 'rsp-tiles');
  private readonly _charts = html('div', 'rsp-charts');
  private readonly _slices: Slices;
  private readonly _trans: ITranslation;
}

/** Where in its interval the value is. */
function whisker(value: number, low: number, high: number): SVGSVGElement {
  const at = high > low ? Math.min(1, Math.max(0, (value - low) / (high - low))) : 0.5;
  return svg(
    'svg',
    { class: 'rsp-whisker', viewBox: '0 0 40 8', width: 40, height: 8, 'aria-hidden': 'true' },
    svg('path', { d: 'M2 1v6M38 1v6M2 4h36' }),
    svg('circle', { cx: 2 + 36 * at, cy: 4, r: 2.6 })
  );
}
