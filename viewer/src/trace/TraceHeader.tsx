// What happened to the request, why, and where its time went: the conclusion before the evidence.
import { css, cx } from '@emotion/css';
import type { GrafanaTheme2 } from '@grafana/data';
import { Icon, useStyles2 } from '@grafana/ui';
import { useMemo } from 'react';

import { Copy } from '../parts/Copy';
import { Link } from '../shell/router';
import { textOf, type Trace } from './model';
import { phasesOf } from './phases';
import { PhaseStrip } from './PhaseStrip';
import { formatInstant, formatMs } from './time';
import { verdictOf, type Verdict } from './verdict';

interface Props {
  trace: Trace;
  onSelect(spanId: string): void;
  /** Whether the heading links to the page of the trace: where it is not on it already. */
  linked: boolean;
}

export function TraceHeader({ trace, onSelect, linked }: Props) {
  const styles = useStyles2(getStyles);
  const verdict = useMemo(() => verdictOf(trace), [trace]);
  const { span } = verdict;
  const requestId = textOf(span.attributes['request.id']);
  const services = new Set(trace.spans.map((each) => each.service)).size;
  const failed = trace.spans.filter((each) => each.failed).length;
  return (
    <header className={styles.header}>
      <h1 className={styles.title}>
        {linked ? <Link href={`/trace/${trace.traceId}`}>{span.name}</Link> : span.name}
        <span className={styles.service}>{span.service}</span>
      </h1>
      <ul className={styles.facts}>
        <li>{formatInstant(trace.beganUnixMs)}</li>
        <li>{plural(trace.spans.length, 'span')}</li>
        {services > 1 && <li>{plural(services, 'service')}</li>}
        {failed > 0 && <li className={styles.failedCount}>{failed} failed</li>}
        <li>
          Trace <code className={styles.id}>{trace.traceId}</code>{' '}
          <Copy text={trace.traceId} what="trace id" />
        </li>
        {requestId !== '' && requestId.replaceAll('-', '') !== trace.traceId && (
          <li>
            Request <code className={styles.id}>{requestId}</code>{' '}
            <Copy text={requestId} what="request id" />
          </li>
        )}
      </ul>
      <Conclusion verdict={verdict} onSelect={onSelect} durationMs={trace.durationMs} />
      <PhaseStrip phases={phasesOf(span.attributes)} seconds={span.durationMs / 1000} />
    </header>
  );
}

interface ConclusionProps {
  verdict: Verdict;
  durationMs: number;
  onSelect(spanId: string): void;
}

function Conclusion({ verdict, durationMs, onSelect }: ConclusionProps) {
  const styles = useStyles2(getStyles);
  const { status, headline, reasons, span, culpritRequestId } = verdict;
  const icon = status === 'good' ? 'check-circle' : status === 'slow' ? 'clock-nine' : 'exclamation-circle';
  return (
    <div className={cx(styles.conclusion, styles[status])} data-testid="verdict">
      <Icon name={icon} size="lg" className={styles.icon} />
      <div>
        <p className={styles.headline}>
          {headline}
          {durationMs > span.durationMs * 1.05 && (
            <span className={styles.aside}>; the whole trace {formatMs(durationMs)}</span>
          )}
        </p>
        {reasons.map((reason) => (
          <p key={reason} className={styles.reason}>
            {reason}
          </p>
        ))}
        <p className={styles.links}>
          <button type="button" className={styles.button} onClick={() => onSelect(span.spanId)}>
            Show its span
          </button>
          {culpritRequestId !== '' && (
            <Link href={`/trace/${culpritRequestId}`}>Open the request that held it up</Link>
          )}
        </p>
      </div>
    </div>
  );
}

function plural(count: number, noun: string): string {
  return `${count.toLocaleString('en')} ${noun}${count === 1 ? '' : 's'}`;
}

const getStyles = (theme: GrafanaTheme2) => {
  const conclusion = (colour: string) =>
    css({ borderLeftColor: colour, '& > svg, & > div > svg': { color: colour } });
  return {
    header: css({
      padding: theme.spacing(1.5, 2),
      background: theme.colors.background.primary,
      borderBottom: `1px solid ${theme.colors.border.weak}`,
    }),
    title: css({
      display: 'flex',
      flexWrap: 'wrap',
      alignItems: 'baseline',
      gap: theme.spacing(1),
      margin: 0,
      fontSize: theme.typography.h3.fontSize,
      overflowWrap: 'anywhere',
    }),
    service: css({
      fontSize: theme.typography.body.fontSize,
      fontWeight: theme.typography.fontWeightRegular,
      color: theme.colors.text.secondary,
    }),
    facts: css({
      display: 'flex',
      flexWrap: 'wrap',
      gap: theme.spacing(0.25, 2),
      margin: theme.spacing(0.5, 0, 1),
      padding: 0,
      listStyle: 'none',
      color: theme.colors.text.secondary,
      fontSize: theme.typography.bodySmall.fontSize,
      fontVariantNumeric: 'tabular-nums',
      '& li': { display: 'flex', alignItems: 'center', gap: 4 },
    }),
    id: css({ fontSize: 'inherit', background: 'none', border: 'none', padding: 0, overflowWrap: 'anywhere' }),
    failedCount: css({ color: theme.colors.error.text }),
    conclusion: css({
      display: 'flex',
      gap: theme.spacing(1.5),
      padding: theme.spacing(1, 1.5),
      marginBottom: theme.spacing(1.5),
      borderLeft: '4px solid',
      borderRadius: theme.shape.radius.default,
      background: theme.colors.background.secondary,
    }),
    failed: conclusion(theme.colors.error.text),
    slow: conclusion(theme.colors.warning.text),
    good: conclusion(theme.colors.success.text),
    icon: css({ marginTop: 2, flexShrink: 0 }),
    headline: css({ margin: 0, fontWeight: theme.typography.fontWeightMedium }),
    aside: css({ fontWeight: theme.typography.fontWeightRegular, color: theme.colors.text.secondary }),
    reason: css({ margin: theme.spacing(0.25, 0, 0), overflowWrap: 'anywhere' }),
    links: css({
      display: 'flex',
      flexWrap: 'wrap',
      gap: theme.spacing(0.25, 2),
      margin: theme.spacing(0.5, 0, 0),
      fontSize: theme.typography.bodySmall.fontSize,
      '& a': { color: theme.colors.text.link, textDecoration: 'underline' },
    }),
    button: css({
      padding: 0,
      border: 'none',
      background: 'none',
      color: theme.colors.text.link,
      textDecoration: 'underline',
    }),
  };
};
