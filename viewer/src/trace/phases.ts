// The phases of a request: disjoint, and together its duration (docs/phases.md).
//
// How much each took is known at each snapshot and at the end. So a bar that is cut into phases is
// true to the instant between two of these, and inside of such a part the phases stand one after the
// other, in the order in which a request usually meets them.
import { numberOf, type Attributes, type Span } from './model';

export const PHASES = [
  'queue',
  'client_read',
  'cpu',
  'gc',
  'hub_wait',
  'db_pool_wait',
  'db_connect',
  'db',
  'external',
  'threadpool',
  'lock',
  'sleep',
  'other',
  'client_write',
] as const;
export type Phase = (typeof PHASES)[number];
export type PhaseSeconds = Readonly<Partial<Record<Phase, number>>>;

/** Those of the debug pages (telemetry/management/style.py), for a light and a dark ground. */
export const PHASE_COLOURS: Readonly<Record<Phase, { light: string; dark: string }>> = {
  queue: { light: '#8a6d00', dark: '#d9b53c' },
  cpu: { light: '#c2410c', dark: '#fb923c' },
  hub_wait: { light: '#b91c1c', dark: '#f87171' },
  db: { light: '#1d4ed8', dark: '#7aa7ff' },
  db_pool_wait: { light: '#6d28d9', dark: '#b497ff' },
  db_connect: { light: '#0e7490', dark: '#4fd1e8' },
  external: { light: '#047857', dark: '#4ade9c' },
  threadpool: { light: '#4d7c0f', dark: '#a3d154' },
  lock: { light: '#a21caf', dark: '#e98af2' },
  sleep: { light: '#64748b', dark: '#94a3b8' },
  client_read: { light: '#9d174d', dark: '#f58ab8' },
  client_write: { light: '#be185d', dark: '#ff9ac4' },
  gc: { light: '#78350f', dark: '#d6a06c' },
  other: { light: '#57606a', dark: '#a0a8b0' },
};

/** What a request did in a phase, as the end of "most of it …" and for tool tips. */
export const PHASE_MEANINGS: Readonly<Record<Phase, string>> = {
  queue: 'had arrived, and the application had not begun',
  cpu: 'ran its own code',
  hub_wait: 'could have run, but the hub ran others',
  db: 'waited for an answer of the database',
  db_pool_wait: 'waited for a connection of the pool',
  db_connect: 'waited for a connection to be established',
  external: 'waited for another service',
  threadpool: 'waited for a function in the thread pool',
  lock: 'waited for a lock, an event or a queue',
  sleep: 'slept',
  client_read: "waited for the client's bytes",
  client_write: 'waited for the client to take the response',
  gc: 'ran into a collection of garbage',
  other: 'waited for something without a name',
};

export interface PhaseSegment {
  readonly phase: Phase;
  /** Since the request began. */
  readonly fromSeconds: number;
  readonly seconds: number;
}

/** Seconds by phase that are known at one age of the request. */
export interface Known {
  readonly ageSeconds: number;
  readonly phaseSeconds: PhaseSeconds;
}

const PREFIX = 'request.phase.';
const SNAPSHOT = 'request.snapshot';

export function isPhase(name: string): name is Phase {
  return (PHASES as readonly string[]).includes(name);
}

/** The phases that attributes `request.phase.*` hold, in seconds. */
export function phasesOf(attributes: Attributes): PhaseSeconds {
  const found: Partial<Record<Phase, number>> = {};
  for (const phase of PHASES) {
    const seconds = numberOf(attributes[PREFIX + phase]);
    if (seconds !== undefined && seconds > 0) {
      found[phase] = seconds;
    }
  }
  return found;
}

/** The phases of a span's bar; empty where it has none. */
export function segmentsOfSpan(span: Span): PhaseSegment[] {
  const last = phasesOf(span.attributes);
  const known = span.events
    .filter((event) => event.name === SNAPSHOT)
    .map((event) => ({
      ageSeconds: numberOf(event.attributes['request.age']) ?? (event.atMs - span.startMs) / 1000,
      phaseSeconds: phasesOf(event.attributes),
    }));
  return segments([...known, { ageSeconds: span.durationMs / 1000, phaseSeconds: last }]);
}

/**
 * Phases one after the other, cut at the known ages.
 *
 * @param known By age; the last one is the end.
 */
export function segments(known: readonly Known[]): PhaseSegment[] {
  const found: PhaseSegment[] = [];
  const before = new Map<Phase, number>();
  let begin = 0;
  for (const { ageSeconds, phaseSeconds } of known) {
    let at = begin;
    for (const phase of PHASES) {
      const total = phaseSeconds[phase] ?? 0;
      const took = Math.min(Math.max(0, total - (before.get(phase) ?? 0)), Math.max(0, ageSeconds - at));
      before.set(phase, Math.max(before.get(phase) ?? 0, total));
      if (took > 0) {
        append(found, phase, at, took);
        at += took;
      }
    }
    begin = Math.max(begin, ageSeconds);
  }
  return found;
}

function append(found: PhaseSegment[], phase: Phase, at: number, seconds: number): void {
  const last = found.at(-1);
  if (last?.phase === phase && Math.abs(last.fromSeconds + last.seconds - at) < 1e-9) {
    found[found.length - 1] = { ...last, seconds: last.seconds + seconds };
  } else {
    found.push({ phase, fromSeconds: at, seconds });
  }
}

/** Phases with their seconds, the longest first. */
export function byLength(phases: PhaseSeconds): [Phase, number][] {
  return PHASES.flatMap((phase): [Phase, number][] => {
    const seconds = phases[phase] ?? 0;
    return seconds > 0 ? [[phase, seconds]] : [];
  }).sort((a, b) => b[1] - a[1]);
}
