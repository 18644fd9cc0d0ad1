// TraceQL queries that a person in a hurry starts from; each can be changed afterwards.

export interface Preset {
  readonly name: string;
  readonly query: string;
}

/** What is shown of each matched span beside its trace. */
export const SELECT =
  '| select(span.http.route, span.http.response.status_code, span.request.dominant_phase)';

export const PRESETS: readonly Preset[] = [
  { name: 'Slow', query: `{ span.request.slow = true } ${SELECT}` },
  { name: 'Failed', query: `{ kind = server && status = error } ${SELECT}` },
  { name: 'Over 1 s', query: `{ kind = server && duration > 1s } ${SELECT}` },
  {
    name: 'Held the hub',
    query: `{ event:name = "hub.held" } ${SELECT}`,
  },
  {
    name: 'Waited for the hub',
    query: `{ event:name = "hub.waited" } ${SELECT}`,
  },
  {
    name: 'Waited for a connection',
    query: `{ span.request.phase.db_pool_wait > 0.05 } ${SELECT}`,
  },
  {
    name: 'Slow database command',
    query: '{ span.db.system.name = "mongodb" && duration > 100ms } | select(span.db.query.summary)',
  },
  {
    name: 'Failed call of another service',
    query: '{ kind = client && status = error } | select(span.db.query.summary, span.error.type)',
  },
];

export const DEFAULT_QUERY = PRESETS[0]!.query;

/** Adds a condition to the first pair of braces; the rest of the query stays. */
export function withCondition(query: string, condition: string): string {
  const match = /^\s*\{([^}]*)\}/.exec(query);
  if (match === null) {
    return `{ ${condition} }`;
  }
  const inner = match[1]!.trim();
  const joined = inner === '' ? condition : inner.includes('||') ? `(${inner}) && ${condition}` : `${inner} && ${condition}`;
  return `{ ${joined} }${query.slice(match[0].length)}`;
}

/** What a value of a matched span means as a condition: numbers and words of TraceQL stand bare. */
export function conditionFor(name: string, value: string): string {
  const own = ['status', 'kind', 'name', 'duration'].includes(name);
  const isBare = /^-?\d+(\.\d+)?$/.test(value) || (own && name !== 'name');
  return `${own ? name : `span.${name}`} = ${isBare ? value : JSON.stringify(value)}`;
}
