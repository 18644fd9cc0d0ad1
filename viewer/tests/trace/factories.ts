// Spans and traces for tests: only what a test is about has to be named.
import type { Span, SpanEvent, Trace } from '../../src/trace/model';

export function span(spanId: string, changes: Partial<Span> = {}): Span {
  return {
    traceId: 'a'.repeat(32),
    spanId,
    parentSpanId: '',
    name: spanId,
    kind: 'internal',
    service: 'serene',
    startMs: 0,
    durationMs: 100,
    failed: false,
    statusMessage: '',
    traceState: '',
    attributes: {},
    resource: {},
    scope: '',
    events: [],
    links: [],
    ...changes,
  };
}

export function event(name: string, changes: Partial<SpanEvent> = {}): SpanEvent {
  return { name, atMs: 0, attributes: {}, ...changes };
}

export function trace(...spans: Span[]): Trace {
  return {
    traceId: 'a'.repeat(32),
    beganUnixMs: 1_700_000_000_000,
    durationMs: Math.max(...spans.map((each) => each.startMs + each.durationMs)),
    spans,
  };
}

/** A span that runs from one millisecond to another. */
export function between(id: string, parent: string, from: number, to: number): Span {
  return span(id, { parentSpanId: parent, startMs: from, durationMs: to - from });
}
