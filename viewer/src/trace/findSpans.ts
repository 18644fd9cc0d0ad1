// The search within a trace: spans that contain every word of a text, anywhere.
import { textOf, type Attributes, type Span, type Trace } from './model';

/**
 * The ids of the spans that match, in the order of the trace; none for an empty text.
 *
 * @param wanted Words; one such as `http.route=/api` has to be that attribute's value, or a part of it.
 */
export function findSpans(trace: Trace, wanted: string): string[] {
  const words = wanted.toLowerCase().split(/\s+/).filter(Boolean);
  if (words.length === 0) {
    return [];
  }
  return trace.spans
    .filter((span) => {
      const text = textsOf(span);
      return words.every((word) => text.includes(word));
    })
    .map((span) => span.spanId);
}

const known = new WeakMap<Span, string>();

function textsOf(span: Span): string {
  let text = known.get(span);
  if (text === undefined) {
    text = [
      span.name,
      span.service,
      span.kind,
      span.spanId,
      span.failed ? 'error failed' : '',
      span.statusMessage,
      ...lines(span.attributes),
      ...lines(span.resource),
      ...span.events.flatMap((event) => [event.name, ...lines(event.attributes)]),
    ]
      .join('\n')
      .toLowerCase();
    known.set(span, text);
  }
  return text;
}

function lines(attributes: Attributes): string[] {
  return Object.entries(attributes).map(([name, value]) => `${name}=${textOf(value)}`);
}
