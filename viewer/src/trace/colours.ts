// The colours of a trace: one for each service, and one for each kind of peer that it calls.
//
// A span of a called peer has the colour of the phase in which its request waits for it, so that a
// blue part of the request's bar and the blue bars below it are seen as the same time.
import type { GrafanaTheme2 } from '@grafana/data';

import { textOf, type Span, type Trace } from './model';
import { PHASE_COLOURS, type Phase } from './phases';

export interface Subject {
  /** Service, or what it called: "serene", "mongodb", "api.stripe.com". */
  readonly name: string;
  readonly phase: Phase | undefined;
}

/** Whose time a span is: its own service's, or that of the peer for which it waits. */
export function subjectOf(span: Span): Subject {
  const database = textOf(span.attributes['db.system.name'] ?? span.attributes['db.system']);
  if (database !== '') {
    return { name: database, phase: 'db' };
  }
  if (span.kind === 'client') {
    const host = textOf(span.attributes['server.address']);
    const port = textOf(span.attributes['server.port']);
    const address = host === '' ? 'another service' : port === '' ? host : `${host}:${port}`;
    return { name: address, phase: 'external' };
  }
  return { name: span.service, phase: undefined };
}

export function phaseColour(phase: Phase, theme: GrafanaTheme2): string {
  return PHASE_COLOURS[phase][theme.isDark ? 'dark' : 'light'];
}

/** Colours by subject, in the order of their first spans. */
export function coloursOf(trace: Trace, theme: GrafanaTheme2): Map<string, string> {
  const services = theme.isDark
    ? ['#ccccdc', '#ffcb7d', '#a5e075', '#dcb3ff', '#ffa6b0', '#7de0d3']
    : ['#6e7280', '#a35a00', '#3f6b16', '#7c2eae', '#b02a4a', '#0b6e66'];
  const colours = new Map<string, string>();
  let next = 0;
  for (const span of trace.spans) {
    const { name, phase } = subjectOf(span);
    if (!colours.has(name)) {
      colours.set(name, phase === undefined ? services[next++ % services.length]! : phaseColour(phase, theme));
    }
  }
  return colours;
}
