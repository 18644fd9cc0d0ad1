// Tempo's answer to a search as rows of a table.
import type { FoundTrace, TempoSpan } from '../data-sources/tempo';

export interface MatchedSpan {
  readonly spanId: string;
  readonly name: string;
  readonly durationMs: number;
  readonly attributes: Readonly<Record<string, string>>;
}

export interface TraceRow {
  readonly traceId: string;
  readonly service: string;
  readonly name: string;
  readonly beganUnixMs: number;
  readonly durationMs: number;
  /** How many spans matched; Tempo returns a few of them. */
  readonly matched: number;
  readonly spans: readonly MatchedSpan[];
  readonly failed: boolean;
}

const NO_ROOT = '<root span not yet received>';

export function rowsOf(found: readonly FoundTrace[]): TraceRow[] {
  return found.map(rowOf);
}

function rowOf(raw: FoundTrace): TraceRow {
  const sets = raw.spanSets ?? [];
  const spans = sets.flatMap((set) => set.spans.map(spanOf));
  const name = raw.rootTraceName ?? '';
  return {
    // Tempo leaves zeros at the beginning out.
    traceId: raw.traceID.padStart(32, '0'),
    service: raw.rootServiceName && raw.rootServiceName !== NO_ROOT ? raw.rootServiceName : '',
    name: name === NO_ROOT ? '' : name,
    beganUnixMs: Number(BigInt(raw.startTimeUnixNano) / 1_000_000n),
    durationMs: raw.durationMs ?? 0,
    matched: sets.reduce((sum, set) => sum + set.matched, 0),
    spans,
    failed: spans.some(
      (span) =>
        span.attributes['status'] === 'error' ||
        Number(span.attributes['http.response.status_code'] ?? 0) >= 500,
    ),
  };
}

function spanOf(raw: TempoSpan): MatchedSpan {
  return {
    spanId: raw.spanID,
    name: raw.name ?? '',
    durationMs: Number(raw.durationNanos) / 1e6,
    attributes: Object.fromEntries(
      (raw.attributes ?? []).map(({ key, value }) => [key, String(Object.values(value)[0] ?? '')]),
    ),
  };
}

export type SortKey = 'began' | 'duration' | 'name' | 'matched';

const KEYS: Readonly<Record<SortKey, (trace: TraceRow) => number | string>> = {
  began: (trace) => trace.beganUnixMs,
  duration: (trace) => trace.durationMs,
  name: (trace) => trace.name,
  matched: (trace) => trace.matched,
};

export function sorted(traces: readonly TraceRow[], key: SortKey, descending: boolean): TraceRow[] {
  const of = KEYS[key];
  const sign = descending ? -1 : 1;
  return [...traces].sort((a, b) => {
    const [left, right] = [of(a), of(b)];
    return left < right ? -sign : left > right ? sign : 0;
  });
}

/** Attributes of matched spans that are worth a column: what differs, in the order of first sight. */
export function attributeColumns(traces: readonly TraceRow[], most: number): string[] {
  const seen = new Map<string, Set<string>>();
  for (const trace of traces) {
    for (const span of trace.spans) {
      for (const [name, value] of Object.entries(span.attributes)) {
        seen.set(name, (seen.get(name) ?? new Set()).add(value));
      }
    }
  }
  return [...seen.entries()]
    .filter(([, values]) => values.size > 1 || traces.length === 1)
    .map(([name]) => name)
    .slice(0, most);
}
