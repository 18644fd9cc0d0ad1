// Addresses of Grafana in the viewer: Explore's are those of the pages for traces and for lines, that
// of its alerts is the page of alerts.

interface Pane {
  datasource?: string;
  queries?: Array<{ query?: string; expr?: string; datasource?: { type?: string } }>;
  range?: { from?: string; to?: string };
}

function firstPane(text: string | null): Pane | undefined {
  try {
    return Object.values(JSON.parse(text ?? '{}') as Record<string, Pane>)[0];
  } catch {
    return undefined;
  }
}

const TRACE_ID = /^[0-9a-f]{32}$/;

/**
 * The viewer's address for one of Grafana's; others stay as they are.
 *
 * @param address as a link of a board has it, variables filled in.
 */
export function followed(address: string): string {
  if (!address.startsWith('/')) {
    return address;
  }
  const { pathname, search } = new URL(address, 'http://viewer');
  switch (pathname) {
    case '/explore':
      return explored(address, new URLSearchParams(search));
    case '/alerting/list':
      return `/alerts${search}`;
    default:
      return address;
  }
}

function explored(address: string, given: URLSearchParams): string {
  const pane = firstPane(given.get('panes'));
  const query = pane?.queries?.[0];
  const text = query?.query ?? query?.expr;
  if (pane === undefined || text === undefined) {
    return address;
  }
  if (TRACE_ID.test(text)) {
    return `/trace/${text}`;
  }
  const isLines = query?.expr !== undefined || query?.datasource?.type === 'loki';
  const search = new URLSearchParams({ q: text });
  for (const end of ['from', 'to'] as const) {
    const value = pane.range?.[end];
    if (value) {
      search.set(end, value);
    }
  }
  return `${isLines ? '/logs' : '/search'}?${search.toString()}`;
}
