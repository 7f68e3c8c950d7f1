/** Metrics that say most about a model, best known first. */
const KEY_METRICS = ['accuracy', 'roc_auc', 'f1', 'r2', 'rmse', 'mae', 'log_loss'];

/** The metric to show where there is room for one. */
export function keyMetric(metrics: {
  readonly [name: string]: number;
}): readonly [string, number] | null {
  const name = KEY_METRICS.find(known => known in metrics) ?? Object.keys(metrics)[0];
  const value = name === undefined ? undefined : metrics[name];
  return name === undefined || value === undefined ? null : [name, value];
}

/** A number with as many digits as tell something. */
export function metricText(value: number): string {
  if (Number.isInteger(value) && Math.abs(value) < 1e6) {
    return String(value);
  }
  const size = Math.abs(value);
  return size >= 1e5 || size < 1e-3 ? value.toExponential(2) : String(Number(value.toPrecision(4)));
}
