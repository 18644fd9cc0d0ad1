// Why a request was slow or failed, in one or two sentences: what a reader of the waterfall would
// conclude, from the facts on its server span alone. Where they do not name a cause, none is named.
import { meaningOf } from './events';
import { endMs, numberOf, textOf, type Span, type SpanEvent, type Trace } from './model';
import { byLength, phasesOf, PHASE_MEANINGS, type Phase } from './phases';
import { formatMs, formatSeconds, formatShare } from './time';

export interface Verdict {
  readonly status: 'failed' | 'slow' | 'good';
  /** What happened: "Failed with 503 after 612 ms". */
  readonly headline: string;
  /** Where the time went and who is to blame; the first is the most important. */
  readonly reasons: readonly string[];
  /** Another request that is to blame, or empty. */
  readonly culpritRequestId: string;
  /** The span to open for more. */
  readonly span: Span;
}

const EVENTS_BY_PHASE: Readonly<Partial<Record<Phase, readonly string[]>>> = {
  queue: ['hub.waited'],
  hub_wait: ['hub.waited'],
  cpu: ['hub.held', 'hub.waited'],
  gc: ['hub.held'],
  db: ['db.slow_command', 'db.command_plan'],
  client_write: ['response.unsent'],
};

/** The request that a trace is about: its longest server span, else its longest span. */
export function mainSpan(trace: Trace): Span {
  const servers = trace.spans.filter((span) => span.kind === 'server');
  return (servers.length > 0 ? servers : trace.spans).reduce((most, span) =>
    span.durationMs > most.durationMs ? span : most,
  );
}

export function verdictOf(trace: Trace): Verdict {
  const span = mainSpan(trace);
  const phases = byLength(phasesOf(span.attributes));
  const isSlow = span.attributes['request.slow'] === true;
  const status = span.failed ? 'failed' : isSlow ? 'slow' : 'good';
  const dominant = textOf(span.attributes['request.dominant_phase']) || phases[0]?.[0] || '';
  const chosen = phases.find(([phase]) => phase === dominant);
  const events = chosen === undefined ? [] : eventsFor(chosen[0], span);
  return {
    status,
    headline: headlineOf(span, status),
    reasons: [
      ...failureOf(trace, span),
      ...(chosen === undefined ? [] : [timeIn(chosen, span)]),
      ...events.map((event) => meaningOf(event).sentence).filter(Boolean),
      ...waitOf(trace, span, chosen?.[0], events.length > 0),
    ],
    culpritRequestId: events.map((event) => meaningOf(event).requestId).find(Boolean) ?? '',
    span,
  };
}

function headlineOf(span: Span, status: Verdict['status']): string {
  const code = numberOf(span.attributes['http.response.status_code']);
  const took = formatMs(span.durationMs);
  const outcome = textOf(span.attributes['request.outcome']) || textOf(span.attributes['error.type']);
  if (status === 'failed') {
    return `Failed${code === undefined ? (outcome ? `: ${outcome},` : '') : ` with ${code}`} after ${took}`;
  }
  const response = code === undefined ? '' : `, status ${code}`;
  return status === 'slow' ? `Slow: ${took}${response}` : `Took ${took}${response}`;
}

function failureOf(trace: Trace, main: Span): string[] {
  if (!main.failed) {
    return [];
  }
  const exception = main.events.find((event) => event.name === 'exception');
  if (exception !== undefined) {
    const { title, sentence } = meaningOf(exception);
    return [sentence ? `${title}: ${sentence}` : title];
  }
  // The deepest failure that ended last is the one that the others follow from.
  const below = trace.spans.filter((span) => span.failed && span !== main);
  const last = below.reduce<Span | undefined>(
    (most, span) => (most === undefined || endMs(span) >= endMs(most) ? span : most),
    undefined,
  );
  const own = main.statusMessage || textOf(main.attributes['error.type']);
  if (last === undefined) {
    return own ? [own] : [];
  }
  const why = last.statusMessage || textOf(last.attributes['error.type']) || 'an error';
  return [`${last.name} (${last.service}) failed: ${why}`];
}

function timeIn([phase, seconds]: [Phase, number], span: Span): string {
  const share = formatShare(seconds, span.durationMs / 1000);
  return `${formatSeconds(seconds)} (${share}) in ${phase}: it ${PHASE_MEANINGS[phase]}.`;
}

function eventsFor(phase: Phase, span: Span): SpanEvent[] {
  for (const name of EVENTS_BY_PHASE[phase] ?? []) {
    const found = span.events.filter((event) => event.name === name);
    if (found.length > 0) {
      const longest = found.reduce((most, event) => (sizeOf(event) > sizeOf(most) ? event : most));
      const plan = span.events.find((event) => event.name === 'db.command_plan');
      return name === 'db.slow_command' && plan !== undefined ? [longest, plan] : [longest];
    }
  }
  return [];
}

function sizeOf(event: SpanEvent): number {
  return numberOf(event.attributes['hub.seconds'] ?? event.attributes['db.wire_seconds']) ?? 0;
}

/** What a snapshot saw it wait for, or the longest span below it in a phase that such spans fill. */
function waitOf(trace: Trace, main: Span, phase: Phase | undefined, known: boolean): string[] {
  if (phase === undefined || known) {
    return [];
  }
  const seen = main.events
    .filter((event) => event.name === 'request.snapshot')
    .findLast((event) => textOf(event.attributes['request.wait']).startsWith(`${phase} for`));
  if (seen !== undefined) {
    return [meaningOf(seen).sentence];
  }
  if (phase !== 'db' && phase !== 'external') {
    return [];
  }
  const below = trace.spans.filter((span) => span.kind === 'client' && span.parentSpanId === main.spanId);
  const longest = below.reduce<Span | undefined>(
    (most, span) => (most === undefined || span.durationMs > most.durationMs ? span : most),
    undefined,
  );
  return longest === undefined ? [] : [`The longest call was ${longest.name}, ${formatMs(longest.durationMs)}.`];
}
