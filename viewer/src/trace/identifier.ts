// What a customer, a log line or a proxy calls a request, and how Tempo finds its trace.
//
// Ours is a UUID, and without its dashes it is the trace id. When a caller's `traceparent` won, the
// UUID is the span attribute `request.id`; what a trusted proxy called the request is in
// `request.correlation_ids` (docs/proxies.md).

export interface Identifier {
  /** As it was pasted, without what surrounds it. */
  readonly text: string;
  /** 32 hex digits, or empty where it can be no trace id. */
  readonly traceId: string;
  /** With dashes, or empty. */
  readonly requestId: string;
}

const UUID = /^([0-9a-f]{8})-?([0-9a-f]{4})-?([0-9a-f]{4})-?([0-9a-f]{4})-?([0-9a-f]{12})$/i;
const TRACEPARENT = /^[0-9a-f]{2}-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}/i;
const SHORT_TRACE_ID = /^[0-9a-f]{16}$/i;
const AWS_ID = /^1-[0-9a-f]{8}-[0-9a-f]{24}$/i;
const SURROUNDING = /^[\s"'`<({[]+|[\s"'`>)}\],.;]+$/g;
const LABEL = /^(?:x-request-id|x-correlation-id|request[ _-]?id|trace[ _-]?id|traceparent)\s*[:=]\s*/i;

/** Reads what was pasted; `undefined` where nothing is left of it. */
export function readIdentifier(pasted: string): Identifier | undefined {
  const text = pasted.replace(SURROUNDING, '').replace(LABEL, '').replace(SURROUNDING, '');
  if (text === '') {
    return undefined;
  }
  const parts = UUID.exec(text);
  if (parts !== null) {
    const groups = parts.slice(1).map((group) => group.toLowerCase());
    return { text, traceId: groups.join(''), requestId: groups.join('-') };
  }
  const parent = TRACEPARENT.exec(text);
  if (parent !== null) {
    return { text, traceId: parent[1]!.toLowerCase(), requestId: '' };
  }
  const traceId = SHORT_TRACE_ID.test(text) ? text.toLowerCase().padStart(32, '0') : '';
  return { text, traceId, requestId: '' };
}

/** The TraceQL query for the trace of a request by one of its other names. */
export function attributeQuery({ text, requestId }: Identifier): string {
  const conditions = [
    ...(requestId === '' ? [] : [`span."request.id" = ${quoted(requestId)}`]),
    `span."request.correlation_ids" = ${quoted(text)}`,
    ...(AWS_ID.test(text) ? [`span."request.correlation_ids" = ${quoted(`Root=${text}`)}`] : []),
  ];
  return `{ ${conditions.join(' || ')} }`;
}

function quoted(value: string): string {
  return JSON.stringify(value);
}
