/** The charts of an evaluation. */

import { svg } from '../dom';
import type { ITranslation } from '../picture';
import { numberText, shareText } from '../text';
import { Chart } from './chart';
import type { ICalibration, IResiduals, IRoc, IScatter } from './data';

const SHARE = { low: 0, high: 1 } as const;

/** Are the probabilities true? On the diagonal they are. */
export function calibrationChart(calibration: ICalibration, trans: ITranslation): HTMLElement {
  const bins = calibration.bins.filter(bin => bin.rows > 0);
  const figures = [
    calibration.brier === null || calibration.brier === undefined
      ? ''
      : trans.__('Brier score %1', numberText(calibration.brier)),
    calibration.ece === null || calibration.ece === undefined
      ? ''
      : trans.__('expected calibration error %1', numberText(calibration.ece))
  ];
  const chart = new Chart({
    title: trans.__('Calibration of “%1”', calibration.label),
    summary: [trans.__('Calibration curve of %1', calibration.label), ...figures]
      .filter(Boolean)
      .join('; '),
    x: { label: trans.__('predicted probability'), ...SHARE },
    y: { label: trans.__('share that is so'), ...SHARE },
    alongX: true,
    spots: bins.map(bin => ({
      x: bin.mean_predicted,
      y: bin.fraction,
      text: trans._n(
        'predicted %2, true %3 (%1 row)',
        'predicted %2, true %3 (%1 rows)',
        bin.rows,
        shareText(bin.mean_predicted),
        shareText(bin.fraction)
      )
    }))
  });
  const most = Math.max(1, ...bins.map(bin => bin.rows));
  chart.plot.append(
    svg('path', {
      class: 'rsp-diagonal',
      d: chart.line([
        [0, 0],
        [1, 1]
      ])
    }),
    svg('path', {
      class: 'rsp-curve',
      d: chart.line(bins.map(bin => [bin.mean_predicted, bin.fraction]))
    }),
    ...bins.map(bin =>
      svg('circle', {
        class: 'rsp-point',
        cx: chart.atX(bin.mean_predicted),
        cy: chart.atY(bin.fraction),
        r: 2 + 4 * Math.sqrt(bin.rows / most)
      })
    )
  );
  return chart.node;
}

/** What of the positives is found at the price of which share of the negatives. */
export function rocChart(roc: IRoc, area: number | undefined, trans: ITranslation): HTMLElement {
  const points = roc.fpr.map((x, index) => [x, roc.tpr[index] ?? 0] as const);
  const chart = new Chart({
    title: area === undefined ? trans.__('ROC') : trans.__('ROC, area %1', numberText(area)),
    summary: trans.__('ROC curve, area %1', numberText(area)),
    x: { label: trans.__('false positive rate'), ...SHARE },
    y: { label: trans.__('true positive rate'), ...SHARE },
    alongX: true,
    spots: points.map(([x, y]) => ({
      x,
      y,
      text: trans.__(
        'finds %1 of the positives with %2 of the negatives',
        shareText(y),
        shareText(x)
      )
    }))
  });
  const filled = `${chart.line(points)}L${chart.atX(1)} ${chart.atY(0)}L${chart.atX(0)} ${chart.atY(0)}z`;
  chart.plot.append(
    svg('path', { class: 'rsp-area', d: filled }),
    svg('path', {
      class: 'rsp-diagonal',
      d: chart.line([
        [0, 0],
        [1, 1]
      ])
    }),
    svg('path', { class: 'rsp-curve', d: chart.line(points) })
  );
  return chart.node;
}

/** How far off the predictions are. */
export function residualChart({ edges, counts }: IResiduals, trans: ITranslation): HTMLElement {
  const [low, high] = [edges[0] ?? 0, edges.at(-1) ?? 1];
  const bars = counts.map((count, index) => {
    const from = edges[index] ?? low;
    return { from, to: edges[index + 1] ?? from, count };
  });
  const chart = new Chart({
    title: trans.__('Residuals'),
    summary: trans.__(
      'Histogram of the residuals from %1 to %2',
      numberText(low),
      numberText(high)
    ),
    x: { label: trans.__('residual'), low, high },
    y: { label: trans.__('rows'), low: 0, high: Math.max(1, ...counts) * 1.05 },
    alongX: true,
    spots: bars.map(({ from, to, count }) => ({
      x: (from + to) / 2,
      y: count,
      text: trans._n(
        '%2 to %3: %1 row',
        '%2 to %3: %1 rows',
        count,
        numberText(from),
        numberText(to)
      )
    }))
  });
  chart.plot.append(
    ...bars.map(({ from, to, count }) =>
      svg('rect', {
        class: 'rsp-column',
        x: chart.atX(from) + 0.5,
        y: chart.atY(count),
        width: Math.max(1, chart.atX(to) - chart.atX(from) - 1),
        height: Math.max(0, chart.atY(0) - chart.atY(count))
      })
    )
  );
  if (low < 0 && high > 0) {
    chart.plot.append(
      svg('path', { class: 'rsp-zero', d: `M${chart.atX(0)} ${chart.atY(0)}v${-chart.height}` })
    );
  }
  return chart.node;
}

/** Each point a row; on the diagonal the prediction was right. */
export function scatterChart({ predicted, actual }: IScatter, trans: ITranslation): HTMLElement {
  const all = [...predicted, ...actual];
  const [least, most] = [Math.min(...all), Math.max(...all)];
  const spare = (most - least || 1) * 0.03;
  const range = { low: least - spare, high: most + spare };
  const points = predicted.map((x, index) => [x, actual[index] ?? x] as const);
  const chart = new Chart({
    title: trans.__('Predicted and actual'),
    summary: trans._n(
      'Predicted and actual values of %1 row',
      'Predicted and actual values of %1 rows',
      points.length
    ),
    x: { label: trans.__('predicted'), ...range },
    y: { label: trans.__('actual'), ...range },
    alongX: false,
    spots: points.map(([x, y]) => ({
      x,
      y,
      text: trans.__('predicted %1, actual %2', numberText(x), numberText(y))
    }))
  });
  chart.plot.append(
    svg('path', {
      class: 'rsp-diagonal',
      d: chart.line([
        [range.low, range.low],
        [range.high, range.high]
      ])
    }),
    ...points.map(([x, y]) =>
      svg('circle', { class: 'rsp-dot', cx: chart.atX(x), cy: chart.atY(y), r: 2.6 })
    )
  );
  return chart.node;
}
