/** Numbers, shares, times and dates as short texts. */

const DAY_US = 86_400_000_000;

/** A number in at most five digits or so: 1,234 · 0.0123 · 1.2e-7. */
export function numberText(value: number | null | undefined): string {
  if (value === null || value === undefined || Number.isNaN(value)) {
    return '–';
  }
  const size = Math.abs(value);
  if (size !== 0 && (size < 1e-4 || size >= 1e9)) {
    return value.toExponential(2).replace(/\.?0*e\+?/, 'e');
  }
  if (Number.isInteger(value) || size >= 1e4) {
    return Math.round(value).toLocaleString('en');
  }
  return String(Number(value.toPrecision(4)));
}

/** A share of one as per cent. */
export function shareText(share: number): string {
  if (share > 0 && share < 0.001) {
    return '<0.1 %';
  }
  return `${Number((100 * share).toFixed(share < 0.1 && share > 0 ? 1 : 0))} %`;
}

/** Seconds in a unit that reads well. */
export function secondsText(seconds: number): string {
  if (seconds < 0.001) {
    return `${Number((seconds * 1e6).toPrecision(2))} µs`;
  }
  if (seconds < 1) {
    return `${Number((seconds * 1e3).toPrecision(2))} ms`;
  }
  return seconds < 120
    ? `${Number(seconds.toPrecision(3))} s`
    : `${Math.floor(seconds / 60)} min ${Math.round(seconds % 60)} s`;
}

/** Microseconds since 1970 (UTC) as a date, with the time of day when `span` (microseconds) is short. */
export function dateText(microseconds: number, span = Infinity): string {
  const date = new Date(microseconds / 1000);
  if (Number.isNaN(date.getTime())) {
    return numberText(microseconds);
  }
  const text = date.toISOString();
  return span < 3 * DAY_US ? text.slice(0, 16).replace('T', ' ') : text.slice(0, 10);
}

/** A value of a parameter: JSON, shortened. */
export function jsonText(value: unknown, longest = 200): string {
  // JSON has no text for undefined.
  const text = (JSON.stringify(value) as string | undefined) ?? '';
  return text.length > longest ? `${text.slice(0, longest - 1)}…` : text;
}
