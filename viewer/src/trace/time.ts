// Durations and instants as text.

const UNITS = [
  { ms: 3_600_000, unit: 'h' },
  { ms: 60_000, unit: 'min' },
  { ms: 1000, unit: 's' },
  { ms: 1, unit: 'ms' },
  { ms: 1e-3, unit: 'µs' },
  { ms: 1e-6, unit: 'ns' },
] as const;

/** A duration with three significant digits in the unit that suits it: "612 ms", "1.25 s". */
export function formatMs(ms: number): string {
  const size = Math.abs(ms);
  if (!Number.isFinite(ms)) {
    return '–';
  }
  // Half a unit of the third digit would be rounded up to the next unit: 999.9 µs is 1 ms.
  const step = UNITS.find(({ ms: unit }) => size >= unit * 0.9995) ?? UNITS.at(-1)!;
  const value = ms / step.ms;
  const digits = Math.abs(value) >= 99.95 ? 0 : Math.abs(value) >= 9.995 ? 1 : 2;
  return size === 0 ? '0 ms' : `${trimmed(value.toFixed(digits))} ${step.unit}`;
}

export function formatSeconds(seconds: number): string {
  return formatMs(seconds * 1000);
}

/** A part of a whole: "92 %"; "< 1 %" rather than 0. */
export function formatShare(part: number, whole: number): string {
  if (whole <= 0) {
    return '–';
  }
  const percent = (part / whole) * 100;
  return percent > 0 && percent < 1 ? '< 1 %' : `${Math.round(percent)} %`;
}

function trimmed(digits: string): string {
  return digits.includes('.') ? digits.replace(/\.?0+$/, '') : digits;
}

/** Instants for an axis, from 0 to at most the duration; at most `most` steps of 1, 2 or 5. */
export function ticks(fromMs: number, toMs: number, most: number): number[] {
  const span = toMs - fromMs;
  if (!(span > 0)) {
    return [fromMs];
  }
  const rough = span / most;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((each) => each * power).find((each) => each >= rough * 0.999)!;
  const first = Math.ceil(fromMs / step - 1e-9) * step;
  const found: number[] = [];
  for (let number = 0; first + number * step <= toMs + step * 1e-9; number += 1) {
    found.push(first + number * step);
  }
  return found;
}

/** "2026-11-26 23:44:51.123" in the browser's time zone, or in UTC. */
export function formatInstant(unixMs: number, timeZone?: 'utc'): string {
  const date = new Date(unixMs);
  const local = timeZone === 'utc' ? date : new Date(unixMs - date.getTimezoneOffset() * 60_000);
  return local.toISOString().replace('T', ' ').replace('Z', '');
}

/** How long ago: "12 s ago"; an instant ahead is "now". */
export function formatAge(unixMs: number, nowMs: number): string {
  const seconds = Math.max(0, Math.round((nowMs - unixMs) / 1000));
  if (seconds < 1) {
    return 'now';
  }
  const [size, unit] = (
    [
      [86_400, 'd'],
      [3600, 'h'],
      [60, 'min'],
      [1, 's'],
    ] as const
  ).find(([least]) => seconds >= least)!;
  return `${Math.floor(seconds / size)} ${unit} ago`;
}
