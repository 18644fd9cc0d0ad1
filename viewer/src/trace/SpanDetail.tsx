// Everything that is known of one span.
import { css } from '@emotion/css';
import type { GrafanaTheme2 } from '@grafana/data';
import { useStyles2 } from '@grafana/ui';
import type { ReactNode } from 'react';

import { Copy } from '../parts/Copy';
import { Facts, type Fact } from '../parts/Facts';
import { Section } from '../parts/Section';
import { Link } from '../shell/router';
import { subjectOf } from './colours';
import { EventList } from './EventList';
import { textOf, type Attributes, type Span, type Trace } from './model';
import { phasesOf } from './phases';
import { PhaseStrip } from './PhaseStrip';
import { formatMs } from './time';
import { selfMs } from './view';

const LONG_TEXTS = ['db.query.text'];

export function SpanDetail({ trace, span }: { trace: Trace; span: Span }) {
  const styles = useStyles2(getStyles);
  const children = trace.spans.filter((each) => each.parentSpanId === span.spanId);
  const attributes = Object.entries(span.attributes).filter(
    ([name]) => !name.startsWith('request.phase.'),
  );
  const shape = LONG_TEXTS.map((name) => textOf(span.attributes[name])).find(Boolean);
  return (
    <div className={styles.detail} data-testid="span-detail">
      <h2 className={styles.name}>{span.name}</h2>
      <p className={styles.line}>
        {subjectOf(span).name} · {span.kind} · {formatMs(span.durationMs)}
        {children.length > 0 && ` (${formatMs(selfMs(span, children))} of its own)`} · from{' '}
        {formatMs(span.startMs)}
      </p>
      {span.failed && (
        <p className={styles.failed} role="note">
          Failed{failure(span)}
        </p>
      )}
      <PhaseStrip phases={phasesOf(span.attributes)} seconds={span.durationMs / 1000} />
      {shape !== undefined && <pre className={styles.shape}>{shape}</pre>}
      {span.events.length > 0 && (
        <Section title={`Events (${span.events.length})`}>
          <EventList events={span.events} fromMs={span.startMs} />
        </Section>
      )}
      <Section title={`Attributes (${attributes.length})`} aside={<CopyAll attributes={span.attributes} />}>
        <Facts facts={attributes.map(([name, value]) => factOf(name, textOf(value), span))} />
      </Section>
      <Section title="Process and span">
        <Facts
          facts={[
            { name: 'span id', value: span.spanId },
            ...(span.parentSpanId === '' ? [] : [{ name: 'parent span id', value: span.parentSpanId }]),
            ...(span.scope === '' ? [] : [{ name: 'scope', value: span.scope }]),
            ...(span.traceState === '' ? [] : [{ name: 'tracestate', value: span.traceState }]),
            ...Object.entries(span.resource).map(([name, value]) => ({ name, value: textOf(value) })),
          ]}
        />
      </Section>
      {span.links.length > 0 && (
        <Section title={`Links (${span.links.length})`}>
          <ul>
            {span.links.map((link) => (
              <li key={link.spanId}>
                <Link href={`/trace/${link.traceId}?span=${link.spanId}`}>{link.traceId}</Link>
              </li>
            ))}
          </ul>
        </Section>
      )}
    </div>
  );
}

function failure(span: Span): string {
  const why = [textOf(span.attributes['error.type']), span.statusMessage].filter(Boolean);
  return why.length > 0 ? `: ${[...new Set(why)].join(', ')}` : '.';
}

function factOf(name: string, value: string, span: Span): Fact {
  let shown: ReactNode;
  if (name === 'http.route') {
    const query = `{ resource.service.name = ${JSON.stringify(span.service)} && span.http.route = ${JSON.stringify(value)} }`;
    shown = <Link href={`/search?q=${encodeURIComponent(query)}`}>{value}</Link>;
  }
  return shown === undefined ? { name, value } : { name, value, shown };
}

function CopyAll({ attributes }: { attributes: Attributes }) {
  return <Copy text={JSON.stringify(attributes, null, 2)} what="all attributes as JSON" />;
}

const getStyles = (theme: GrafanaTheme2) => ({
  detail: css({ padding: theme.spacing(1.5), '& section': { marginTop: theme.spacing(2) } }),
  name: css({ margin: 0, fontSize: theme.typography.h5.fontSize, overflowWrap: 'anywhere' }),
  line: css({
    margin: theme.spacing(0.25, 0, 1),
    color: theme.colors.text.secondary,
    fontSize: theme.typography.bodySmall.fontSize,
    fontVariantNumeric: 'tabular-nums',
  }),
  failed: css({ color: theme.colors.error.text, margin: theme.spacing(0, 0, 1) }),
  shape: css({
    margin: theme.spacing(1, 0),
    fontSize: 12,
    whiteSpace: 'pre-wrap',
    overflowWrap: 'anywhere',
  }),
});
