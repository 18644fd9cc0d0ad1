// How densely a panel is read: the step of a query, and the windows that follow from it.
import { rangeUtil } from '@grafana/data';

// Prometheus refuses a query with more points of a series.
const MOST_POINTS = 11_000;

export interface Density {
  /** Milliseconds between two points. */
  step: number;
  /** Milliseconds of `$__rate_interval`. */
  rateInterval: number;
}

/** Milliseconds of a duration such as "5s", "1m30s" or "1h"; undefined for another text. */
export function parseDuration(text: string | undefined): number | undefined {
  if (text === undefined || !/^(\d+(ms|[smhdwy]))+$/.test(text)) {
    return undefined;
  }
  const parts = text.match(/\d+(ms|[smhdwy])/g) ?? [];
  return parts.reduce((sum, part) => sum + rangeUtil.intervalToMs(part), 0);
}

/** A duration as PromQL writes it: the largest unit that divides it. */
export function formatDuration(milliseconds: number): string {
  const units = [[86_400_000, 'd'], [3_600_000, 'h'], [60_000, 'm'], [1000, 's']] as const;
  for (const [size, unit] of units) {
    if (milliseconds >= size && milliseconds % size === 0) {
      return `${milliseconds / size}${unit}`;
    }
  }
  return `${milliseconds}ms`;
}

/**
 * The step of a query and its `$__rate_interval`, as Grafana computes them.
 *
 * @param range milliseconds of the time range.
 * @param points the most points that are drawn.
 * @param scrape milliseconds between two scrapes, of the data source or the query.
 * @param least milliseconds that a step has at least.
 */
export function density(range: number, points: number, scrape: number, least = scrape): Density {
  const wanted = Math.max(rangeUtil.roundInterval(range / Math.max(points, 1)), least);
  const step = Math.max(wanted, Math.ceil(range / MOST_POINTS / 1000) * 1000);
  return { step, rateInterval: Math.max(step + scrape, 4 * scrape) };
}
