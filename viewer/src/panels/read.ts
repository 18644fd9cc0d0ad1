// What a panel shows: its queries, each sent to its data source, as data frames.
import type { DataFrame, TimeRange } from '@grafana/data';

import { interpolate, queryFormat, type Lookup } from '../boards/interpolate';
import type { Panel, Target } from '../boards/model';
import { sourceOf, type SourceModel } from '../boards/sources';
import { lookupOf, type Variables } from '../boards/variables';
import {
  exemplarPoints,
  heatmapFrame,
  instantFrames,
  rangeFrames,
  tableFrame,
  type ExemplarPoint,
  type FrameOptions,
} from '../data-sources/frames';
import { density, formatDuration, parseDuration, type Density } from '../data-sources/interval';
import { lokiFrames, lokiInstant, lokiRange } from '../data-sources/loki';
import { queryExemplars, queryInstant, queryRange } from '../data-sources/prometheus';
import { searchTraces, tracesFrame } from '../data-sources/tempo';

const LINES = 1000;
const TRACES = 20;
const SCRAPE = 15_000;

export interface Context {
  variables: Variables;
  sources: readonly SourceModel[];
  range: TimeRange;
  /** The most points that are drawn: the panel's width in pixels, unless it sets them. */
  points: number;
  signal: AbortSignal;
}

/** One query as it was sent, for inspection. */
export interface Sent {
  refId: string;
  source: string;
  query: string;
  step?: number;
  milliseconds: number;
}

export interface Read {
  frames: DataFrame[];
  exemplars: ExemplarPoint[];
  sent: Sent[];
}

/** Milliseconds between two points of a panel's queries. */
export function densityOf(panel: Panel, target: Target, source: SourceModel, context: Context): Density {
  const milliseconds = context.range.to.valueOf() - context.range.from.valueOf();
  const scrape =
    parseDuration(target.interval || panel.interval || source.jsonData?.timeInterval) ?? SCRAPE;
  return density(milliseconds, panel.maxDataPoints ?? context.points, scrape);
}

/** The variables of a query: the board's, Grafana's own, and those of its density. */
export function queryLookup(context: Context, { step, rateInterval }: Density): Lookup {
  const outer = lookupOf(context.variables, context.range);
  const own: Readonly<Record<string, string>> = {
    __interval: formatDuration(step),
    __interval_ms: String(step),
    __rate_interval: formatDuration(rateInterval),
    __rate_interval_ms: String(rateInterval),
    __auto: formatDuration(step),
  };
  return (name, path) => own[name] ?? outer(name, path);
}

/** The range of a query, both ends on a multiple of its step, so that points do not move. */
export function alignedWindow(range: TimeRange, step: number): { start: number; end: number } {
  const align = (milliseconds: number) => (Math.floor(milliseconds / step) * step) / 1000;
  return { start: align(range.from.valueOf()), end: align(range.to.valueOf()) };
}

async function prometheus(
  target: Target,
  query: string,
  options: FrameOptions,
  tables: number,
  context: Context,
): Promise<Omit<Read, 'sent'>> {
  const { signal } = context;
  const window = alignedWindow(context.range, options.step);
  const valueName = tables > 1 ? `Value #${target.refId}` : 'Value';
  const frames: DataFrame[] = [];
  if (target.instant) {
    const found = await queryInstant(query, context.range.to.valueOf() / 1000, signal);
    const series = found.map(({ metric, value }) => ({ metric, values: [value] }));
    frames.push(
      ...(target.format === 'table'
        ? [tableFrame(series, options, valueName)]
        : instantFrames(found, options)),
    );
  }
  if (target.range || !target.instant) {
    const found = await queryRange(query, { ...window, step: options.step / 1000 }, signal);
    switch (target.format) {
      case 'table':
        frames.push(tableFrame(found, options, valueName));
        break;
      case 'heatmap':
        frames.push(heatmapFrame(found, options));
        break;
      default:
        frames.push(...rangeFrames(found, options));
    }
  }
  // A board is still of use without its dots.
  const exemplars = target.exemplar
    ? await queryExemplars(query, window, signal).catch(() => signal.throwIfAborted() ?? [])
    : [];
  return { frames, exemplars: exemplarPoints(exemplars) };
}

async function loki(
  target: Target,
  query: string,
  options: FrameOptions,
  context: Context,
): Promise<DataFrame[]> {
  const limit = target.maxLines ?? LINES;
  const end = context.range.to.valueOf();
  const answer =
    target.queryType === 'instant'
      ? await lokiInstant(query, end, limit, context.signal)
      : await lokiRange(
          { query, start: context.range.from.valueOf(), end, step: options.step, limit },
          context.signal,
        );
  return lokiFrames(answer, options, target.queryType === 'instant');
}

async function readTarget(panel: Panel, target: Target, tables: number, context: Context): Promise<Read> {
  const outer = lookupOf(context.variables, context.range);
  const source = sourceOf(context.sources, target.datasource ?? panel.datasource, outer);
  const width = densityOf(panel, target, source, context);
  const lookup = queryLookup(context, width);
  const query = interpolate(target.expr ?? target.query ?? '', lookup, queryFormat);
  const options: FrameOptions = {
    refId: target.refId,
    legend: interpolate(target.legendFormat ?? '', lookup),
    expression: query,
    step: width.step,
  };
  const began = performance.now();
  const read = await fromSource(source.type, target, query, options, tables, context);
  const milliseconds = performance.now() - began;
  const sent = { refId: target.refId, source: source.name, query, step: width.step, milliseconds };
  return { ...read, sent: [sent] };
}

async function fromSource(
  type: string,
  target: Target,
  query: string,
  options: FrameOptions,
  tables: number,
  context: Context,
): Promise<Omit<Read, 'sent'>> {
  switch (type) {
    case 'prometheus':
      return prometheus(target, query, options, tables, context);
    case 'loki':
      return { frames: await loki(target, query, options, context), exemplars: [] };
    case 'tempo': {
      const window = {
        start: context.range.from.valueOf(),
        end: context.range.to.valueOf(),
        limit: target.limit ?? TRACES,
      };
      const traces = await searchTraces(query, window, context.signal);
      return { frames: [tracesFrame(traces, target.refId)], exemplars: [] };
    }
    default:
      throw new Error(`data sources of type “${type}” are not supported`);
  }
}

/** Reads all queries of a panel at the same time. */
export async function readPanel(panel: Panel, context: Context): Promise<Read> {
  const targets = (panel.targets ?? []).filter((target) => !target.hide);
  const tables = targets.filter((target) => target.format === 'table').length;
  const reads = await Promise.all(
    targets.map((target) => readTarget(panel, target, tables, context)),
  );
  return {
    frames: reads.flatMap((read) => read.frames),
    exemplars: reads.flatMap((read) => read.exemplars),
    sent: reads.flatMap((read) => read.sent),
  };
}
