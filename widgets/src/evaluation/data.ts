/** How good a model is, as `Evaluation.to_json()` writes it. */

import type { Guard } from '../guard';
import { isNumber, isText, listOf, optional, pairOf, recordOf, shape } from '../guard';

export type Metrics = Readonly<Record<string, number>>;

export interface ISlice {
  readonly column: string;
  readonly value: string;
  readonly rows: number;
  readonly metrics: Metrics;
}

export interface IConfusion {
  readonly labels: readonly string[];
  /** Rows by true label, columns by predicted one. */
  readonly counts: readonly (readonly number[])[];
}

export interface ICalibrationBin {
  readonly mean_predicted: number;
  readonly fraction: number;
  readonly rows: number;
}

export interface ICalibration {
  readonly label: string;
  readonly bins: readonly ICalibrationBin[];
  readonly brier?: number | null;
  readonly ece?: number | null;
}

export interface IRoc {
  readonly fpr: readonly number[];
  readonly tpr: readonly number[];
}

export interface IResiduals {
  readonly edges: readonly number[];
  readonly counts: readonly number[];
}

export interface IScatter {
  readonly predicted: readonly number[];
  readonly actual: readonly number[];
}

export interface IEvaluation {
  readonly task: string;
  readonly rows: number;
  readonly metrics: Metrics;
  readonly intervals?: Readonly<Record<string, readonly [number, number]>> | null;
  readonly slices?: readonly ISlice[] | null;
  readonly confusion?: IConfusion | null;
  readonly calibration?: ICalibration | null;
  readonly roc?: IRoc | null;
  readonly residuals?: IResiduals | null;
  readonly predicted_actual?: IScatter | null;
}

const isNumbers = listOf(isNumber);
const isMetrics = recordOf(isNumber);

export const isEvaluation: Guard<IEvaluation> = shape<IEvaluation>({
  task: isText,
  rows: isNumber,
  metrics: isMetrics,
  intervals: optional(recordOf(pairOf(isNumber, isNumber))),
  slices: optional(
    listOf(shape<ISlice>({ column: isText, value: isText, rows: isNumber, metrics: isMetrics }))
  ),
  confusion: optional(shape<IConfusion>({ labels: listOf(isText), counts: listOf(isNumbers) })),
  calibration: optional(
    shape<ICalibration>({
      label: isText,
      bins: listOf(
        shape<ICalibrationBin>({ mean_predicted: isNumber, fraction: isNumber, rows: isNumber })
      ),
      brier: optional(isNumber),
      ece: optional(isNumber)
    })
  ),
  roc: optional(shape<IRoc>({ fpr: isNumbers, tpr: isNumbers })),
  residuals: optional(shape<IResiduals>({ edges: isNumbers, counts: isNumbers })),
  predicted_actual: optional(shape<IScatter>({ predicted: isNumbers, actual: isNumbers }))
});

/** Metrics of which less is better. */
const FALLING = new Set(['log_loss', 'brier', 'ece', 'mae', 'rmse', 'mse', 'mape', 'medae']);

/** How bad a value is: larger is worse. Of an error with a sign, the distance from zero counts. */
export function badness(metric: string, value: number): number {
  if (/bias|error/.test(metric)) {
    return Math.abs(value);
  }
  return FALLING.has(metric) ? value : -value;
}
