// Loki's HTTP API: lines, and numbers that are counted from lines.
import { FieldType, type DataFrame } from '@grafana/data';

import { field, frame, rangeFrames, tableFrame, type FrameOptions } from './frames';
import { postForm } from './http';
import type { Instant, Labels, Series } from './prometheus';

// The first part is that of the viewer's own address.
const BASE = '/loki/loki/api/v1';

type Entry = readonly [nanoseconds: string, line: string, more?: { structuredMetadata?: Labels }];

export interface Stream {
  stream: Labels;
  values: readonly Entry[];
}

type Result =
  | { resultType: 'streams'; result: Stream[] }
  | { resultType: 'matrix'; result: Series[] }
  | { resultType: 'vector'; result: Instant[] };

export interface LokiQuery {
  query: string;
  /** Milliseconds since 1970. */
  start: number;
  end: number;
  step?: number;
  limit: number;
  direction?: 'forward' | 'backward';
}

const nanoseconds = (milliseconds: number): string => `${Math.round(milliseconds)}000000`;

/** Reads lines or numbers over a time range. */
export async function lokiRange(query: LokiQuery, signal?: AbortSignal): Promise<Result> {
  const { query: text, start, end, step, limit, direction = 'backward' } = query;
  const answer = await postForm<{ data: Result }>(
    `${BASE}/query_range`,
    {
      query: text,
      start: nanoseconds(start),
      end: nanoseconds(end),
      step: step === undefined ? undefined : step / 1000,
      limit,
      direction,
    },
    signal,
  );
  return answer.data;
}

/** Reads numbers at one time, in milliseconds. */
export async function lokiInstant(
  query: string,
  time: number,
  limit: number,
  signal?: AbortSignal,
): Promise<Result> {
  const answer = await postForm<{ data: Result }>(
    `${BASE}/query`,
    { query, time: nanoseconds(time), limit },
    signal,
  );
  return answer.data;
}

/** The lines of all streams, newest first: columns labels, Time, Line, tsNs. */
export function linesFrame(streams: readonly Stream[], refId: string): DataFrame {
  const rows = streams
    .flatMap(({ stream, values }) => values.map((entry) => ({ stream, entry })))
    .sort((a, b) => (BigInt(a.entry[0]) < BigInt(b.entry[0]) ? 1 : -1));
  const labels = rows.map(({ stream, entry }) => ({ ...stream, ...entry[2]?.structuredMetadata }));
  const times = rows.map(({ entry }) => Number(BigInt(entry[0]) / 1_000_000n));
  return frame(refId, [
    field('labels', FieldType.other, labels),
    field('Time', FieldType.time, times),
    field('Line', FieldType.string, rows.map(({ entry }) => entry[1])),
    field('tsNs', FieldType.string, rows.map(({ entry }) => entry[0])),
  ]);
}

/** The frames of any answer. */
export function lokiFrames(answer: Result, options: FrameOptions, isTable: boolean): DataFrame[] {
  switch (answer.resultType) {
    case 'streams':
      return [linesFrame(answer.result, options.refId)];
    case 'matrix':
      return rangeFrames(answer.result, options);
    case 'vector': {
      const series = answer.result.map(({ metric, value }) => ({ metric, values: [value] }));
      return isTable
        ? [tableFrame(series, options, `Value #${options.refId}`)]
        : rangeFrames(series, options);
    }
  }
}
