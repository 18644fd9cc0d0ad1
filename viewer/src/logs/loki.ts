// Loki's answers as log lines and as numbers of lines by level.

export const LEVELS = ['CRITICAL', 'ERROR', 'WARNING', 'INFO', 'DEBUG', 'UNKNOWN'] as const;
export type Level = (typeof LEVELS)[number];

export interface LogLine {
  /** Unique within one answer. */
  readonly key: string;
  /** Nanoseconds since 1970, as Loki writes them. */
  readonly ns: string;
  readonly unixMs: number;
  readonly level: Level;
  readonly message: string;
  readonly logger: string;
  readonly service: string;
  readonly instance: string;
  readonly traceId: string;
  readonly requestId: string;
  /** As it was written. */
  readonly raw: string;
  /** Members of a JSON line, nested ones with dots, and what Loki keeps beside it. */
  readonly fields: Readonly<Record<string, string>>;
}

type Json = Record<string, unknown>;

const OWN_MEMBERS = new Set(['time', 'level', 'message', 'logger']);
const LABEL_NAMES: Readonly<Record<string, string>> = {
  service_name: 'service',
  service_instance_id: 'instance',
};

export class LokiAnswerError extends Error {}

/**
 * The lines of an answer to `query_range`.
 *
 * @param answer its member `data`.
 * @param direction `forward` puts the oldest first.
 * @throws LokiAnswerError where the query was for numbers.
 */
export function parseLines(answer: unknown, direction: 'forward' | 'backward'): LogLine[] {
  const data = object(answer);
  if (data['resultType'] !== undefined && data['resultType'] !== 'streams') {
    throw new LokiAnswerError('This query returns numbers, not lines: take the outer function away.');
  }
  const lines = list(data['result']).flatMap((stream) => {
    const labels = texts(stream['stream']);
    return pairs(stream['values']).map(([ns, line]) => lineOf(ns, line, labels));
  });
  lines.sort((a, b) => (a.ns.length - b.ns.length || (a.ns < b.ns ? -1 : a.ns > b.ns ? 1 : 0)));
  const numbered = lines.map((line, number) => ({ ...line, key: `${line.ns}-${number}` }));
  return direction === 'forward' ? numbered : numbered.reverse();
}

function lineOf(ns: string, raw: string, labels: Readonly<Record<string, string>>): LogLine {
  const members = parsed(raw);
  const fields: Record<string, string> = {};
  for (const [name, value] of Object.entries(labels)) {
    fields[name] = value;
  }
  flatten(members, '', fields);
  const field = (...names: string[]): string =>
    names.map((name) => fields[name] ?? '').find(Boolean) ?? '';
  const own = { ...fields };
  OWN_MEMBERS.forEach((name) => delete own[name]);
  return {
    key: '',
    ns,
    unixMs: Number(BigInt(ns) / 1000n) / 1000,
    level: levelOf(field('level', 'severity_text', 'detected_level')),
    message: typeof members['message'] === 'string' ? messageOf(members) : raw,
    logger: field('logger', 'scope_name'),
    service: field('service', 'service_name'),
    instance: field('instance', 'service_instance_id'),
    traceId: field('trace_id').toLowerCase(),
    requestId: field('request_id'),
    raw,
    fields: own,
  };
}

/** The message; of a line that each request has, which request and how it ended. */
function messageOf(members: Json): string {
  const message = String(members['message']);
  if (message !== 'request' || members['logger'] !== 'access') {
    return message;
  }
  const seconds = Number(members['duration_seconds']);
  const took = Number.isFinite(seconds) ? `${(seconds * 1000).toFixed(seconds < 0.1 ? 1 : 0)} ms` : '';
  const outcome = members['outcome'] === 'completed' ? '' : String(members['outcome'] ?? '');
  return [members['method'], members['path'], members['status'], took, outcome]
    .filter((part) => part !== undefined && part !== null && part !== '')
    .join(' ');
}

export function levelOf(text: string): Level {
  const level = text.toUpperCase();
  const short: Readonly<Record<string, Level>> = { WARN: 'WARNING', FATAL: 'CRITICAL', ERR: 'ERROR' };
  return LEVELS.find((each) => each === level) ?? short[level] ?? 'UNKNOWN';
}

function parsed(raw: string): Json {
  if (!raw.startsWith('{')) {
    return {};
  }
  try {
    return object(JSON.parse(raw));
  } catch {
    return {};
  }
}

function flatten(value: Json, prefix: string, into: Record<string, string>): void {
  for (const [name, each] of Object.entries(value)) {
    if (typeof each === 'object' && each !== null && !Array.isArray(each)) {
      flatten(object(each), `${prefix}${name}.`, into);
    } else if (each !== null) {
      const label = LABEL_NAMES[name] ?? name;
      into[`${prefix}${label}`] = Array.isArray(each) ? JSON.stringify(each, null, 1) : String(each);
    }
  }
}

export interface Volume {
  readonly level: Level;
  /** Pairs of the middle of a step in milliseconds since 1970, and a number of lines. */
  readonly points: readonly (readonly [number, number])[];
}

/** The member `data` of an answer to a query such as `sum by (level) (count_over_time(…))`. */
export function parseVolume(answer: unknown): Volume[] {
  return list(object(answer)['result'])
    .map((series) => ({
      level: levelOf(texts(series['metric'])['level'] ?? ''),
      points: (Array.isArray(series['values']) ? series['values'] : []).map(
        (pair: [number, string]) => [pair[0] * 1000, Number(pair[1])] as const,
      ),
    }))
    .sort((a, b) => LEVELS.indexOf(b.level) - LEVELS.indexOf(a.level));
}

function object(value: unknown): Json {
  return typeof value === 'object' && value !== null ? (value as Json) : {};
}

function list(value: unknown): Json[] {
  return Array.isArray(value) ? value.map(object) : [];
}

function texts(value: unknown): Record<string, string> {
  return Object.fromEntries(Object.entries(object(value)).map(([name, each]) => [name, String(each)]));
}

function pairs(value: unknown): [string, string][] {
  return Array.isArray(value) ? value.map((pair: unknown[]) => [String(pair[0]), String(pair[1])]) : [];
}
