// Tempo's answer to `/api/traces/<id>` as a trace.
//
// It is OTLP's JSON with two liberties of Tempo's: ids are base64 there and hex elsewhere, and the
// list is called `batches` in version 1 and `resourceSpans` in OTLP itself (v2 puts it in `trace`).
// Source: opentelemetry-proto, trace/v1; protobuf's JSON mapping for 64-bit numbers as strings.
import type { Attributes, AttributeValue, Span, SpanEvent, SpanKind, Trace } from './model';

type Json = Record<string, unknown>;

const KINDS: readonly SpanKind[] = [
  'unspecified',
  'internal',
  'server',
  'client',
  'producer',
  'consumer',
];
const NS_PER_MS = 1_000_000n;

/** The trace; `undefined` where the answer holds no span. */
export function parseTrace(answer: unknown): Trace | undefined {
  const raw = [...rawSpans(answer)];
  if (raw.length === 0) {
    return undefined;
  }
  const beganNs = raw.reduce((least, each) => (each.startNs < least ? each.startNs : least), raw[0]!.startNs);
  const endNs = raw.reduce((most, each) => (each.endNs > most ? each.endNs : most), raw[0]!.endNs);
  // Tempo may return a span twice that an ingester and a block have.
  const spans = [...new Map(raw.map((each) => [each.id, each])).values()]
    .sort((a, b) => (a.startNs < b.startNs ? -1 : a.startNs > b.startNs ? 1 : 0))
    .map((each) => spanOf(each, beganNs));
  return {
    traceId: spans[0]!.traceId,
    beganUnixMs: milliseconds(beganNs),
    durationMs: milliseconds(endNs - beganNs),
    spans,
  };
}

interface RawSpan {
  readonly id: string;
  readonly startNs: bigint;
  readonly endNs: bigint;
  readonly span: Json;
  readonly resource: Attributes;
  readonly scope: string;
}

function* rawSpans(answer: unknown): Generator<RawSpan> {
  const outer = object(answer);
  const top = 'trace' in outer ? object(outer['trace']) : outer;
  for (const batch of list(top['batches'] ?? top['resourceSpans'])) {
    const resource = attributesOf(object(batch['resource'])['attributes']);
    for (const scope of list(batch['scopeSpans'] ?? batch['instrumentationLibrarySpans'])) {
      for (const span of list(scope['spans'])) {
        const startNs = nanoseconds(span['startTimeUnixNano']);
        const endNs = nanoseconds(span['endTimeUnixNano']);
        yield {
          id: hexId(span['spanId']),
          startNs,
          endNs: endNs < startNs ? startNs : endNs,
          span,
          resource,
          scope: text(object(scope['scope'])['name']),
        };
      }
    }
  }
}

function spanOf(raw: RawSpan, beganNs: bigint): Span {
  const { span } = raw;
  const status = object(span['status']);
  return {
    traceId: hexId(span['traceId']),
    spanId: raw.id,
    parentSpanId: hexId(span['parentSpanId']),
    name: text(span['name']),
    kind: kindOf(span['kind']),
    service: text(raw.resource['service.name']) || 'unknown',
    startMs: milliseconds(raw.startNs - beganNs),
    durationMs: milliseconds(raw.endNs - raw.startNs),
    failed: status['code'] === 'STATUS_CODE_ERROR' || status['code'] === 2,
    statusMessage: text(status['message']),
    traceState: text(span['traceState']),
    attributes: attributesOf(span['attributes']),
    resource: raw.resource,
    scope: raw.scope,
    events: list(span['events'])
      .map((event) => eventOf(event, beganNs))
      .sort((a, b) => a.atMs - b.atMs),
    links: list(span['links']).map((link) => ({
      traceId: hexId(link['traceId']),
      spanId: hexId(link['spanId']),
      attributes: attributesOf(link['attributes']),
    })),
  };
}

function eventOf(event: Json, beganNs: bigint): SpanEvent {
  return {
    name: text(event['name']),
    atMs: milliseconds(nanoseconds(event['timeUnixNano']) - beganNs),
    attributes: attributesOf(event['attributes']),
  };
}

function kindOf(value: unknown): SpanKind {
  if (typeof value === 'number') {
    return KINDS[value] ?? 'unspecified';
  }
  const name = text(value).replace('SPAN_KIND_', '').toLowerCase();
  return KINDS.find((kind) => kind === name) ?? 'unspecified';
}

/** An id as hex, whichever way it came. */
export function hexId(value: unknown): string {
  const id = text(value);
  if (id === '' || /^([0-9a-f]{16}|[0-9a-f]{32})$/i.test(id)) {
    return id.toLowerCase();
  }
  try {
    return Array.from(atob(id), (byte) => byte.charCodeAt(0).toString(16).padStart(2, '0')).join('');
  } catch {
    return id;
  }
}

export function attributesOf(value: unknown): Attributes {
  return Object.fromEntries(list(value).map((each) => [text(each['key']), valueOf(each['value'])]));
}

function valueOf(value: unknown): AttributeValue {
  const [[kind, content] = ['', '']] = Object.entries(object(value));
  switch (kind) {
    case 'intValue':
    case 'doubleValue':
      return Number(content);
    case 'boolValue':
      return content === true;
    case 'arrayValue':
      return list(object(content)['values']).map(valueOf);
    case 'kvlistValue':
      return JSON.stringify(attributesOf(object(content)['values']));
    default:
      return text(content);
  }
}

function nanoseconds(value: unknown): bigint {
  return BigInt(typeof value === 'string' || typeof value === 'number' ? value : 0);
}

function milliseconds(ns: bigint): number {
  return Number(ns / NS_PER_MS) + Number(ns % NS_PER_MS) / 1e6;
}

function object(value: unknown): Json {
  return typeof value === 'object' && value !== null ? (value as Json) : {};
}

function list(value: unknown): Json[] {
  return Array.isArray(value) ? value.map(object) : [];
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : value === undefined || value === null ? '' : String(value);
}
