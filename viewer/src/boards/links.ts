// Addresses of Grafana in the viewer: Explore's are those of the pages for traces and for lines.

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
  if (!address.startsWith('/explore')) {
    return address;
  }
  const pane = firstPane(new URL(address, 'http://viewer').searchParams.get('panes'));
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
