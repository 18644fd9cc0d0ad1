// A trace as plain data: what Tempo returned, without any drawing.
//
// Times are milliseconds since the trace's first span began, with the nanoseconds as fraction: a
// number holds nanoseconds since 1970 only to a quarter of a microsecond, and a difference exactly.

export type AttributeValue = string | number | boolean | AttributeValue[];
export type Attributes = Readonly<Record<string, AttributeValue>>;
export type SpanKind = 'server' | 'client' | 'producer' | 'consumer' | 'internal' | 'unspecified';

export interface SpanEvent {
  readonly name: string;
  /** Milliseconds since the trace began. */
  readonly atMs: number;
  readonly attributes: Attributes;
}

export interface SpanLink {
  readonly traceId: string;
  readonly spanId: string;
  readonly attributes: Attributes;
}

export interface Span {
  readonly traceId: string;
  readonly spanId: string;
  /** Empty for a root. */
  readonly parentSpanId: string;
  readonly name: string;
  readonly kind: SpanKind;
  readonly service: string;
  readonly startMs: number;
  readonly durationMs: number;
  readonly failed: boolean;
  readonly statusMessage: string;
  readonly traceState: string;
  readonly attributes: Attributes;
  readonly resource: Attributes;
  readonly scope: string;
  readonly events: readonly SpanEvent[];
  readonly links: readonly SpanLink[];
}

export interface Trace {
  readonly traceId: string;
  /** Wall clock of its beginning, milliseconds since 1970. */
  readonly beganUnixMs: number;
  readonly durationMs: number;
  /** In the order of their begin. */
  readonly spans: readonly Span[];
}

export function endMs(span: Span): number {
  return span.startMs + span.durationMs;
}

/** An attribute as text to read; lists by line. */
export function textOf(value: AttributeValue | undefined): string {
  if (value === undefined) {
    return '';
  }
  return Array.isArray(value) ? value.map(textOf).join('\n') : String(value);
}

export function numberOf(value: AttributeValue | undefined): number | undefined {
  return typeof value === 'number' && Number.isFinite(value) ? value : undefined;
}
