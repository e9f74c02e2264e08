/** Numbers as people read them. The same on every machine: never the locale or the time zone of the process. */

const missing = '–';

const grouped = new Intl.NumberFormat('en-US', { maximumFractionDigits: 0 });

/** A figure that came through JSON: what was not finite is `null` there. */
type Figure = number | null | undefined;

const shown = (value: Figure, write: (value: number) => string): string =>
  typeof value === 'number' && Number.isFinite(value) ? write(value) : missing;

export const integer = (value: Figure): string => shown(value, (v) => grouped.format(v));

export const percent = (share: Figure): string => shown(share, (v) => `${(100 * v).toFixed(1)}%`);

export const decimals = (value: Figure, digits = 3): string =>
  shown(value, (v) => v.toFixed(digits));

/** Three figures: 1.5, 0.002, 1e-8. */
export const compact = (value: Figure): string =>
  shown(value, (v) => String(Number(v.toPrecision(3))));

export const rate = (value: Figure): string =>
  shown(value, (v) => (v < 10 ? v.toFixed(1) : integer(v)));

export const magnitude = (value: Figure): string =>
  shown(value, (v) => scaled(v, ['', 'k', 'M', 'G', 'T']));

export const bytes = (value: Figure): string =>
  shown(value, (v) => scaled(v, ['B', 'kB', 'MB', 'GB', 'TB']));

function scaled(value: number, units: readonly string[]): string {
  let step = 0;
  let rest = value;
  while (rest >= 999.5 && step < units.length - 1) {
    rest /= 1000;
    step += 1;
  }
  const digits = step === 0 || rest >= 99.95 ? 0 : rest >= 9.995 ? 1 : 2;
  // A no-break space, so that the unit stays with its number.
  return `${rest.toFixed(digits)}\u00a0${units[step]}`.trimEnd();
}

export const duration = (seconds: Figure): string =>
  shown(seconds, (v) => {
    if (v < 10) return `${v.toFixed(1)}\u00a0s`;
    const whole = Math.round(v);
    if (whole < 60) return `${whole}\u00a0s`;
    const minutes = Math.floor(whole / 60);
    if (minutes < 60) return two(minutes, 'min', whole % 60, 's');
    return two(Math.floor(minutes / 60), 'h', minutes % 60, 'min');
  });

const two = (large: number, unit: string, small: number, smallUnit: string): string =>
  small === 0 ? `${large}\u00a0${unit}` : `${large}\u00a0${unit} ${small}\u00a0${smallUnit}`;

const months =
  'January February March April May June July August September October November December';

/** An ISO time in UTC, or the text as it is where it is none. */
export function moment(iso: string): string {
  const date = new Date(iso);
  if (Number.isNaN(date.getTime())) return iso;
  const month = months.split(' ')[date.getUTCMonth()];
  const time = date.toISOString().slice(11, 16);
  return `${date.getUTCDate()} ${month} ${date.getUTCFullYear()}, ${time} UTC`;
}

export const plural = (count: number, one: string, many = `${one}s`): string =>
  `${integer(count)} ${count === 1 ? one : many}`;

/** For CSS: a share as a width. */
export const width = (share: number): string =>
  `${Number((100 * Math.min(1, Math.max(0, share || 0))).toFixed(2))}%`;
