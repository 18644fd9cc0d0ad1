// LogQL as text: what the buttons of a line add to a query, and the queries of other pages.
//
// A query is a selector in braces and a pipeline; filters are added at its end, so the query stays the
// one that its writer sees and can change.

export const ALL_LINES = '{service_name=~".+"}';

/** What Loki keeps beside a line, and under which name (otel-collector.yaml). */
const STRUCTURED = new Set([
  'level',
  'service_name',
  'service_instance_id',
  'trace_id',
  'span_id',
  'request_id',
  'http_route',
  'http_request_method',
  'http_response_status_code',
  'error_type',
]);
const SELF_NAMED: Readonly<Record<string, string>> = {
  service: 'service_name',
  instance: 'service_instance_id',
  route: 'http_route',
  method: 'http_request_method',
  status: 'http_response_status_code',
};

export type Comparison = '=' | '!=';

/** Adds "this field has this value", or has not, to a query. */
export function withField(query: string, name: string, comparison: Comparison, value: string): string {
  const label = SELF_NAMED[name] ?? name;
  if (STRUCTURED.has(label)) {
    return `${query.trim()} | ${label}${comparison}${quoted(value)}`;
  }
  // Members of the line itself become labels by its parser, dots as underscores.
  const parsed = /\|\s*json\b/.test(query) ? query.trim() : `${query.trim()} | json`;
  return `${parsed} | ${name.replace(/[^A-Za-z0-9_]/g, '_')}${comparison}${quoted(value)}`;
}

/** Adds "the line contains this text", or does not. */
export function withText(query: string, text: string, comparison: '|=' | '!='): string {
  return `${query.trim()} ${comparison} ${quoted(text)}`;
}

/** The lines of one trace or request, whichever logger wrote them. */
export function linesOfRequest(ids: readonly string[]): string {
  const pattern = [...new Set(ids.filter(Boolean))].map(escaped).join('|');
  return `${ALL_LINES} |~ ${quoted(pattern)}`;
}

/** The numbers of lines by level, one a step. */
export function volumeQuery(query: string, stepSeconds: number): string {
  return `sum by (level) (count_over_time(${query.trim()} [${stepSeconds}s]))`;
}

/** Whether a query returns lines: the outermost expression is a selector. */
export function isLineQuery(query: string): boolean {
  return query.trim().startsWith('{');
}

function escaped(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}

function quoted(text: string): string {
  return JSON.stringify(text);
}
