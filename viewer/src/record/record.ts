// What a worker recorded of one request: `/debug/requests/<id>` as JSON (docs/debugging.md).
//
// Only requests in flight and those that were slow, failed or cut are held, the newest in 4 MB.
import { isPhase, segments, type Phase, type PhaseSeconds, type PhaseSegment } from '../trace/phases';

export interface OpenWait {
  readonly phase: string;
  readonly subject: string;
  readonly seconds: number | null;
  readonly heldBy: readonly string[];
}

export interface GreenletStack {
  readonly greenlet: string;
  readonly state: string;
  /** Innermost last. */
  readonly frames: readonly string[];
}

export interface Snapshot {
  readonly ageSeconds: number;
  readonly state: string;
  readonly phaseSeconds: PhaseSeconds;
  readonly openWaits: readonly OpenWait[];
  readonly stacks: readonly GreenletStack[];
}

export interface RecordEvent {
  readonly name: string;
  readonly unixSeconds: number;
  readonly attributes: Readonly<Record<string, string | number | boolean | string[]>>;
}

export interface RecordLine {
  readonly time: string;
  readonly level: string;
  readonly logger: string;
  readonly message: string;
  readonly [member: string]: unknown;
}

export interface RequestRecord {
  readonly requestId: string;
  readonly traceId: string;
  readonly correlationIds: readonly string[];
  readonly traceKept: boolean;
  readonly reason: string;
  readonly inFlight: boolean;
  readonly method: string;
  readonly route: string;
  readonly path: string;
  readonly query: string;
  readonly host: string;
  readonly clientAddress: string;
  readonly userAgent: string;
  readonly status: number | null;
  readonly outcome: string | null;
  readonly errorType: string;
  readonly refusal: string;
  readonly responseBytes: number;
  readonly beganUnixSeconds: number;
  readonly durationSeconds: number;
  readonly slowAfterSeconds: number;
  readonly dominantPhase: string;
  readonly phaseSeconds: PhaseSeconds;
  readonly snapshots: readonly Snapshot[];
  readonly events: readonly RecordEvent[];
  readonly logLines: readonly RecordLine[];
  readonly logLinesLeftOut: number;
}

/** The record; `undefined` for an answer without a record. */
export function parseRecord(answer: unknown): RequestRecord | undefined {
  if (typeof answer !== 'object' || answer === null || !('requestId' in answer)) {
    return undefined;
  }
  const raw = answer as RequestRecord;
  return {
    ...raw,
    correlationIds: raw.correlationIds ?? [],
    inFlight: raw.inFlight === true,
    phaseSeconds: knownPhases(raw.phaseSeconds),
    snapshots: (raw.snapshots ?? []).map((each) => ({
      ...each,
      phaseSeconds: knownPhases(each.phaseSeconds),
      openWaits: (each.openWaits ?? []).map((wait) => ({ ...wait, heldBy: wait.heldBy ?? [] })),
      stacks: each.stacks ?? [],
    })),
    events: raw.events ?? [],
    logLines: raw.logLines ?? [],
    logLinesLeftOut: raw.logLinesLeftOut ?? 0,
  };
}

function knownPhases(raw: Readonly<Record<string, number>> | undefined): PhaseSeconds {
  return Object.fromEntries(
    Object.entries(raw ?? {}).filter((each): each is [Phase, number] => isPhase(each[0]) && each[1] > 0),
  );
}

export function segmentsOfRecord(record: RequestRecord): PhaseSegment[] {
  return segments([
    ...record.snapshots,
    { ageSeconds: record.durationSeconds, phaseSeconds: record.phaseSeconds },
  ]);
}

/** One sentence: how it ended, or what it does. */
export function summaryOf(record: RequestRecord): string {
  if (record.inFlight) {
    return `In flight. Now: ${record.snapshots.at(-1)?.state ?? 'unknown'}.`;
  }
  const status = record.status === null ? 'no status' : `status ${record.status}`;
  const kept = record.reason === '' ? '' : `; kept because it was ${record.reason}`;
  return `${record.outcome ?? 'completed'}, ${status}${kept}.`;
}

/** Facts beside the phases, those that are empty left out. */
export function factsOf(record: RequestRecord): [string, string][] {
  const facts: [string, string | number | null][] = [
    ['Request id', record.requestId],
    ['Trace id', record.traceId],
    ['Called by proxies', record.correlationIds.join(', ')],
    ['Path', record.path],
    ['Query', record.query],
    ['Host', record.host],
    ['Client', record.clientAddress],
    ['User agent', record.userAgent],
    ['Error', record.errorType],
    ['Refusal', record.refusal],
    ['Response body', `${record.responseBytes} bytes`],
    ['Slow after', record.slowAfterSeconds > 0 ? `${record.slowAfterSeconds} s` : 'never'],
    ['Spans kept', record.traceKept ? 'yes' : 'no'],
  ];
  return facts.filter((each): each is [string, string] => each[1] !== '' && each[1] !== null);
}
