// Annotations: moments and spans that a query finds, drawn on every panel with a time axis.
import type { TimeRange } from '@grafana/data';

import { toNumber } from '../data-sources/frames';
import { parseDuration } from '../data-sources/interval';
import { lokiRange } from '../data-sources/loki';
import { queryRange, type Labels } from '../data-sources/prometheus';
import { interpolate, queryFormat, type Lookup } from './interpolate';
import type { AnnotationModel } from './model';
import { sourceOf, type SourceModel } from './sources';

/** One annotation; times in milliseconds since 1970. */
export interface Note {
  /** Of the set that it belongs to. */
  name: string;
  colour: string;
  start: number;
  /** Of a span; equal to the start for a moment. */
  end: number;
  title: string;
  text: string;
  tags: readonly string[];
}

interface Context {
  sources: readonly SourceModel[];
  range: TimeRange;
  lookup: Lookup;
  signal: AbortSignal;
}

const LINES = 100;
const DEFAULT_STEP = 60_000;

/** Fills `{{label}}` in. */
const filled = (text: string, labels: Labels): string =>
  text.replace(/\{\{\s*(.+?)\s*\}\}/g, (_, label: string) => labels[label] ?? '');

function describe(model: AnnotationModel, labels: Labels, fallback: string) {
  const keys = (model.tagKeys ?? '').split(',').map((key) => key.trim());
  return {
    name: model.name,
    colour: model.iconColor ?? 'red',
    title: filled(model.titleFormat ?? '', labels),
    text: filled(model.textFormat ?? '', labels) || fallback,
    tags: keys.flatMap((key) => labels[key] ?? []),
  };
}

/** Moments at which a series is above zero; those a step apart are one span. */
export function spansOf(
  times: readonly number[],
  step: number,
): Array<{ start: number; end: number }> {
  const spans: Array<{ start: number; end: number }> = [];
  for (const time of times) {
    const last = spans.at(-1);
    if (last !== undefined && time - last.end <= step) {
      last.end = time;
    } else {
      spans.push({ start: time, end: time });
    }
  }
  return spans;
}

async function ofPrometheus(model: AnnotationModel, query: string, context: Context): Promise<Note[]> {
  const { range, signal } = context;
  const step = parseDuration(model.step) ?? DEFAULT_STEP;
  const start = Math.floor(range.from.valueOf() / step) * step;
  const end = Math.floor(range.to.valueOf() / step) * step;
  const window = { start: start / 1000, end: end / 1000, step: step / 1000 };
  const series = await queryRange(query, window, signal);
  return series.flatMap(({ metric, values }) => {
    const labels = metric;
    if (model.useValueForTime) {
      const times = new Set(values.map(([, text]) => toNumber(text)));
      return [...times].map((time) => ({ ...describe(model, labels, ''), start: time, end: time }));
    }
    const times = values
      .filter(([, text]) => toNumber(text) > 0)
      .map(([seconds]) => Math.round(seconds * 1000));
    return spansOf(times, step).map((span) => ({ ...describe(model, labels, ''), ...span }));
  });
}

async function ofLoki(model: AnnotationModel, query: string, context: Context): Promise<Note[]> {
  const { range, signal } = context;
  const answer = await lokiRange(
    { query, start: range.from.valueOf(), end: range.to.valueOf(), limit: LINES },
    signal,
  );
  if (answer.resultType !== 'streams') {
    throw new Error('an annotation’s LogQL has to find lines');
  }
  return answer.result.flatMap(({ stream, values }) =>
    values.map(([nanoseconds, line, more]) => {
      const time = Number(BigInt(nanoseconds) / 1_000_000n);
      const labels = { ...stream, ...more?.structuredMetadata };
      return { ...describe(model, labels, line), start: time, end: time };
    }),
  );
}

/** Reads one set of annotations; a set that cannot be read is one note with the reason. */
export async function annotationsOf(model: AnnotationModel, context: Context): Promise<Note[]> {
  if (model.builtIn === 1 || model.datasource?.type === 'grafana') {
    return [];
  }
  try {
    const source = sourceOf(context.sources, model.datasource, context.lookup);
    const text = String(model.expr ?? model.target?.['expr'] ?? model.target?.['query'] ?? '');
    const query = interpolate(text, context.lookup, queryFormat);
    switch (source.type) {
      case 'prometheus':
        return await ofPrometheus(model, query, context);
      case 'loki':
        return await ofLoki(model, query, context);
      default:
        throw new Error(`annotations of “${source.type}” are not supported`);
    }
  } catch (error) {
    context.signal.throwIfAborted();
    const reason = error instanceof Error ? error.message : String(error);
    const end = context.range.to.valueOf();
    const shared = { name: model.name, colour: 'red', start: end, end, tags: [] };
    return [{ ...shared, title: `${model.name} could not be read`, text: reason }];
  }
}
