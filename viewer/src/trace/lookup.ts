// Finds the trace of a request in Tempo, and explains in words why it is missing.
import { attributeQuery, type Identifier } from './identifier';
import type { Trace } from './model';
import { parseTrace } from './otlp';

/** Fetches JSON of a path; `undefined` for a 404; throws where there is no answer. */
export type GetJson = (path: string, signal?: AbortSignal) => Promise<unknown>;

export const RETENTION_HOURS = 24;
/** A trace travels from worker to Tempo in a second or two; longer where a queue is full. */
export const ARRIVAL_SECONDS = 15;

/**
 * The trace by its own id, else by what else the request is called.
 *
 * @param nowMs Wall clock; the search covers what Tempo keeps.
 */
export async function findTrace(
  identifier: Identifier,
  get: GetJson,
  nowMs: number,
  signal?: AbortSignal,
): Promise<Trace | undefined> {
  if (identifier.traceId !== '') {
    const trace = await traceById(identifier.traceId, get, signal);
    if (trace !== undefined) {
      return trace;
    }
  }
  const end = Math.ceil(nowMs / 1000) + 60;
  const query = new URLSearchParams({
    q: attributeQuery(identifier),
    limit: '1',
    start: String(end - RETENTION_HOURS * 3600),
    end: String(end),
  });
  const answer = (await get(`/tempo/api/search?${query}`, signal)) as
    { traces?: { traceID?: string }[] } | undefined;
  const found = answer?.traces?.[0]?.traceID ?? '';
  return found === '' ? undefined : traceById(found, get, signal);
}

async function traceById(id: string, get: GetJson, signal?: AbortSignal): Promise<Trace | undefined> {
  const answer = await get(`/tempo/api/traces/${id}`, signal);
  return answer === undefined ? undefined : parseTrace(answer);
}

/** What else is known of a request whose trace is not in Tempo. */
export interface OtherEvidence {
  /** What its worker recorded of whether its spans were kept; `undefined` without a record. */
  readonly traceKept?: boolean | undefined;
  /** Time of its last log line; `undefined` without one. */
  readonly loggedUnixMs?: number | undefined;
}

export interface Explanation {
  readonly title: string;
  readonly sentences: readonly string[];
  /** Whether it may arrive yet. */
  readonly retry: boolean;
}

/** Why Tempo may have no trace, by what else is known. */
export function explainMissing(other: OtherEvidence, nowMs: number): Explanation {
  const ageSeconds = other.loggedUnixMs === undefined ? undefined : (nowMs - other.loggedUnixMs) / 1000;
  if (other.traceKept === false) {
    return {
      title: 'The spans of this request were not kept',
      sentences: [
        'Sampling left them out: the request was neither slow nor failed, or the budget of kept ' +
          'traces was spent.',
        'What its worker recorded, and its log lines, are below.',
      ],
      retry: false,
    };
  }
  if (ageSeconds !== undefined && ageSeconds <= ARRIVAL_SECONDS) {
    return {
      title: 'The trace has not arrived yet',
      sentences: ['The request ended seconds ago; spans take a moment from its worker to Tempo.'],
      retry: true,
    };
  }
  if (ageSeconds !== undefined && ageSeconds > RETENTION_HOURS * 3600) {
    return {
      title: 'The trace is too old',
      sentences: [`Tempo keeps traces for ${RETENTION_HOURS} hours; log lines are kept longer.`],
      retry: false,
    };
  }
  if (ageSeconds !== undefined) {
    return {
      title: 'Tempo has no trace of this request',
      sentences: [
        'The request was logged, so it took place. Most likely sampling did not keep its spans, for ' +
          'it was neither slow nor failed; else they were lost on their way (board Telemetry pipeline).',
      ],
      retry: false,
    };
  }
  return {
    title: 'Nothing is known of this request',
    sentences: [
      'Neither Tempo, nor a worker, nor the log has this id in the last ' + `${RETENTION_HOURS} hours.`,
      'It may be mistyped, older, of another environment, or seconds old.',
    ],
    retry: true,
  };
}
