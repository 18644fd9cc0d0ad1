// Everything that is known of one request: its trace, what its worker recorded, its log lines.
import { useMemo } from 'react';

import { viewerModel } from '../boards/sources';
import { lokiRange } from '../data-sources/loki';
import { linesOfRequest } from '../logs/logql';
import { parseLines, type LogLine } from '../logs/loki';
import { getOrNothing } from '../parts/read';
import { useLoad, type Load } from '../parts/useLoad';
import { findRecord, type RecordResult } from '../record/findRecord';
import { readIdentifier, type Identifier } from './identifier';
import { findTrace, RETENTION_HOURS } from './lookup';
import { textOf, type Trace } from './model';

const MARGIN_MS = 60_000;
const LATER_MS = 600_000;
export const MOST_LINES = 1000;

export interface TraceData {
  identifier: Identifier | undefined;
  trace: Load<Trace | undefined>;
  record: Load<RecordResult | undefined>;
  lines: Load<LogLine[]>;
  /** Of the request and of its trace, for links to other pages. */
  ids: readonly string[];
}

/** @param pasted an id, in any of its forms. */
export function useTraceData(pasted: string): TraceData {
  const identifier = useMemo(() => readIdentifier(pasted), [pasted]);
  const trace = useLoad(
    async (signal) =>
      identifier && findTrace(identifier, (path) => getOrNothing(path, signal), Date.now()),
    [identifier],
  );
  // They need the other ids that the trace holds, or to know that it is missing.
  const settled = trace.state !== 'loading';
  const ids = useMemo(() => idsOf(identifier, trace.value), [identifier, trace.value]);
  const record = useLoad(
    async (signal) => {
      if (!settled) {
        return undefined;
      }
      const { slots } = await viewerModel();
      const searched = ids.filter((id) => /^[0-9a-f-]{32,36}$/.test(id));
      return findRecord(searched, slots, (path) => getOrNothing(path, signal));
    },
    [settled, ids],
  );
  const lines = useLoad(
    async (signal) => (settled && ids.length > 0 ? readLines(ids, trace.value, signal) : []),
    [settled, ids, trace.value],
  );
  return { identifier, trace, record, lines, ids };
}

/** Every id by which lines and records may know the request. */
function idsOf(identifier: Identifier | undefined, trace: Trace | undefined): readonly string[] {
  const ofSpans = (trace?.spans ?? []).map((span) => textOf(span.attributes['request.id']));
  const own = identifier === undefined ? [] : [identifier.requestId || identifier.text];
  return [...new Set([...own, ...ofSpans, trace?.traceId ?? identifier?.traceId ?? ''])].filter(Boolean);
}

async function readLines(
  ids: readonly string[],
  trace: Trace | undefined,
  signal: AbortSignal,
): Promise<LogLine[]> {
  const now = Date.now();
  const start = trace === undefined ? now - RETENTION_HOURS * 3_600_000 : trace.beganUnixMs - MARGIN_MS;
  const end = trace === undefined ? now : trace.beganUnixMs + trace.durationMs + LATER_MS;
  const answer = await lokiRange(
    { query: linesOfRequest(ids), start, end, limit: MOST_LINES, direction: 'forward' },
    signal,
  );
  return parseLines(answer, 'forward');
}
