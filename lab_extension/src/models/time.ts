/** Times as people read them; everything in the browser's own zone. */

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** Units of a relative time, largest first. */
const STEPS: readonly (readonly [Intl.RelativeTimeFormatUnit, number])[] = [
  ['day', DAY],
  ['hour', HOUR],
  ['minute', MINUTE],
  ['second', SECOND]
];

/** A duration such as `12 ms`, `2.5 s`, `42 s`, `3 min 05 s`, `2 h 07 min`. */
export function duration(ms: number): string {
  if (ms < SECOND) {
    return `${Math.round(ms)} ms`;
  }
  if (ms < 10 * SECOND) {
    return `${(ms / SECOND).toFixed(1)} s`;
  }
  const seconds = Math.round(ms / SECOND);
  if (seconds < 60) {
    return `${seconds} s`;
  }
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) {
    return `${minutes} min ${String(seconds % 60).padStart(2, '0')} s`;
  }
  return `${Math.floor(minutes / 60)} h ${String(minutes % 60).padStart(2, '0')} min`;
}

/** A moment relative to `now`, such as “5 minutes ago” or “in 2 hours”. */
export function relative(moment: string, now: number, locale?: string): string {
  const delta = Date.parse(moment) - now;
  const format = new Intl.RelativeTimeFormat(locale, { numeric: 'auto', style: 'short' });
  for (const [unit, length] of STEPS) {
    if (Math.abs(delta) >= length) {
      return format.format(Math.trunc(delta / length), unit);
    }
  }
  return format.format(0, 'second');
}

/** A moment in the browser's zone, such as “Tue, Nov 24, 07:00”. */
export function localTime(moment: string, locale?: string): string {
  return new Intl.DateTimeFormat(locale, {
    weekday: 'short',
    day: 'numeric',
    month: 'short',
    hour: '2-digit',
    minute: '2-digit'
  }).format(new Date(moment));
}

/** The browser's zone as an IANA name. */
export function browserZone(): string {
  return Intl.DateTimeFormat().resolvedOptions().timeZone || 'UTC';
}

/** All zones that the browser knows, for a list to choose from. */
export function knownZones(): readonly string[] {
  const zones = Intl.supportedValuesOf('timeZone');
  return zones.includes('UTC') ? zones : ['UTC', ...zones];
}
