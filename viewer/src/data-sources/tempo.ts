// Tempo's HTTP API: search by TraceQL, and one trace.
import { FieldType, type DataFrame } from '@grafana/data';

import { field, frame } from './frames';
import { getJson } from './http';

export interface TempoSpan {
  spanID: string;
  name?: string;
  startTimeUnixNano: string;
  durationNanos: string;
  attributes?: ReadonlyArray<{ key: string; value: Record<string, unknown> }>;
}

export interface FoundTrace {
  traceID: string;
  rootServiceName?: string;
  rootTraceName?: string;
  startTimeUnixNano: string;
  durationMs?: number;
  spanSets?: ReadonlyArray<{ spans: TempoSpan[]; matched: number }>;
}

/** Searches traces; times in milliseconds since 1970. */
export async function searchTraces(
  query: string,
  window: { start: number; end: number; limit: number },
  signal?: AbortSignal,
): Promise<FoundTrace[]> {
  const parameters = {
    q: query,
    limit: window.limit,
    start: Math.floor(window.start / 1000),
    end: Math.ceil(window.end / 1000),
  };
  const answer = await getJson<{ traces?: FoundTrace[] }>('/tempo/api/search', parameters, signal);
  return answer.traces ?? [];
}

/** One row a trace, newest first, with Grafana's columns. */
export function tracesFrame(traces: readonly FoundTrace[], refId: string): DataFrame {
  const start = (trace: FoundTrace) => Number(BigInt(trace.startTimeUnixNano) / 1_000_000n);
  const rows = [...traces].sort((a, b) => start(b) - start(a));
  const link = {
    title: 'Open the trace',
    url: '/trace/${__value.raw}',
    targetBlank: false,
  };
  return frame(
    refId,
    [
      field('traceID', FieldType.string, rows.map((trace) => trace.traceID), {
        config: { displayNameFromDS: 'Trace ID', links: [link] },
      }),
      field('startTime', FieldType.time, rows.map(start), {
        config: { displayNameFromDS: 'Start time' },
      }),
      field('traceService', FieldType.string, rows.map((trace) => trace.rootServiceName ?? ''), {
        config: { displayNameFromDS: 'Service' },
      }),
      field('traceName', FieldType.string, rows.map((trace) => trace.rootTraceName ?? ''), {
        config: { displayNameFromDS: 'Name' },
      }),
      field('traceDuration', FieldType.number, rows.map((trace) => trace.durationMs ?? 0), {
        config: { displayNameFromDS: 'Duration', unit: 'ms' },
      }),
    ],
    { meta: { preferredVisualisationType: 'table' } },
  );
}
