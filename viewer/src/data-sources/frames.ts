// Data frames from the answers of Prometheus, as Grafana's own data source makes them.
import { FieldType, type DataFrame, type Field } from '@grafana/data';

import type { ExemplarSeries, Instant, Labels, Series } from './prometheus';

export interface FrameOptions {
  refId: string;
  /** Name of a series, with `{{label}}` for its labels; empty for its metric and labels. */
  legend: string;
  expression: string;
  /** Milliseconds between two points, between which a line is drawn. */
  step: number;
}

export interface ExemplarPoint {
  time: number;
  value: number;
  labels: Labels;
  seriesLabels: Labels;
}

/** "+Inf", "-Inf" and "NaN" as Prometheus writes them. */
export function toNumber(text: string): number {
  switch (text) {
    case '+Inf':
      return Infinity;
    case '-Inf':
      return -Infinity;
    default:
      return Number(text);
  }
}

function labelText(labels: Labels): string {
  const { __name__: name = '', ...rest } = labels;
  const pairs = Object.entries(rest).map(([label, value]) => `${label}="${value}"`);
  return pairs.length === 0 ? name : `${name}{${pairs.join(', ')}}`;
}

/** The name of a series. */
export function legendOf(labels: Labels, { legend, expression }: FrameOptions): string {
  if (legend === '' || legend === '__auto') {
    return labelText(labels) || expression;
  }
  return legend.replace(/\{\{\s*(.+?)\s*\}\}/g, (_, label: string) => labels[label] ?? '');
}

export function field<T>(
  name: string,
  type: FieldType,
  values: T[],
  rest: Partial<Field> = {},
): Field {
  return { name, type, values: values as Field['values'], config: {}, ...rest };
}

export function frame(refId: string, fields: Field[], rest: Partial<DataFrame> = {}): DataFrame {
  return { refId, fields, length: fields[0]?.values.length ?? 0, ...rest };
}

const timeField = (times: number[], step?: number): Field =>
  field('Time', FieldType.time, times, { config: step === undefined ? {} : { interval: step } });

/** One frame a series, with its times and values. */
export function rangeFrames(series: readonly Series[], options: FrameOptions): DataFrame[] {
  return series.map(({ metric, values }) => {
    const name = legendOf(metric, options);
    const { __name__: _, ...labels } = metric;
    const times = values.map(([seconds]) => Math.round(seconds * 1000));
    const numbers = values.map(([, text]) => toNumber(text));
    const value = field('Value', FieldType.number, numbers, {
      labels,
      config: { displayNameFromDS: name },
    });
    return frame(options.refId, [timeField(times, options.step), value], { name });
  });
}

/** One frame a value. */
export function instantFrames(found: readonly Instant[], options: FrameOptions): DataFrame[] {
  const series = found.map(({ metric, value }) => ({ metric, values: [value] }));
  return rangeFrames(series, options);
}

/**
 * One frame with a column for the time, for each label, and for the value.
 *
 * @param valueName of the last column: "Value", with the query's letter when there are several.
 */
export function tableFrame(
  series: readonly Series[],
  options: FrameOptions,
  valueName: string,
): DataFrame {
  const rows = series.flatMap(({ metric, values }) => values.map((sample) => ({ metric, sample })));
  const labels = [...new Set(series.flatMap(({ metric }) => Object.keys(metric)))].sort();
  const columns = labels.map((label) =>
    field(label, FieldType.string, rows.map(({ metric }) => metric[label] ?? ''), {
      config: { filterable: true },
    }),
  );
  const times = rows.map(({ sample }) => Math.round(sample[0] * 1000));
  const numbers = rows.map(({ sample }) => toNumber(sample[1]));
  return frame(options.refId, [
    timeField(times),
    ...columns,
    field(valueName, FieldType.number, numbers),
  ]);
}

const bound = (series: Series): number => toNumber(series.metric['le'] ?? 'NaN');

/**
 * One frame with a column for each bucket of a histogram: what fell into it, not below its bound.
 */
export function heatmapFrame(series: readonly Series[], options: FrameOptions): DataFrame {
  const buckets = [...series].sort((a, b) => bound(a) - bound(b));
  const times = [...new Set(buckets.flatMap(({ values }) => values.map(([seconds]) => seconds)))];
  times.sort((a, b) => a - b);
  let below = times.map(() => 0);
  const fields = buckets.map((bucket) => {
    const counts = new Map(bucket.values.map(([seconds, text]) => [seconds, toNumber(text)]));
    const cumulative = times.map((seconds, index) => counts.get(seconds) ?? below[index] ?? 0);
    const own = cumulative.map((count, index) => Math.max(count - (below[index] ?? 0), 0));
    below = cumulative;
    return field(bucket.metric['le'] ?? '', FieldType.number, own, { labels: bucket.metric });
  });
  const milliseconds = times.map((seconds) => Math.round(seconds * 1000));
  return frame(options.refId, [timeField(milliseconds, options.step), ...fields], {
    name: options.expression,
  });
}

/** The exemplars of all series, in order of time. */
export function exemplarPoints(series: readonly ExemplarSeries[]): ExemplarPoint[] {
  return series
    .flatMap(({ seriesLabels, exemplars }) =>
      exemplars.map(({ labels, value, timestamp }) => ({
        time: timestamp * 1000,
        value: toNumber(value),
        labels,
        seriesLabels,
      })),
    )
    .sort((a, b) => a.time - b.time);
}
