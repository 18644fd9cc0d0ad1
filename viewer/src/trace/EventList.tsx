// The events of a span or of a record: when, what it means, and the stack where there is one.
import { css, cx } from '@emotion/css';
import type { GrafanaTheme2 } from '@grafana/data';
import { useStyles2 } from '@grafana/ui';

import { Facts } from '../parts/Facts';
import { Link } from '../shell/router';
import { meaningOf, otherAttributes } from './events';
import { textOf, type SpanEvent } from './model';
import { formatMs } from './time';

interface Props {
  events: readonly SpanEvent[];
  /** Instant from which their times are counted. */
  fromMs: number;
}

export function EventList({ events, fromMs }: Props) {
  const styles = useStyles2(getStyles);
  return (
    <ol className={styles.list}>
      {events.map((event, number) => (
        <EventItem key={number} event={event} fromMs={fromMs} />
      ))}
    </ol>
  );
}

function EventItem({ event, fromMs }: { event: SpanEvent; fromMs: number }) {
  const styles = useStyles2(getStyles);
  const { title, sentence, weight, stack, requestId } = meaningOf(event);
  const others = Object.entries(otherAttributes(event));
  return (
    <li className={cx(styles.event, styles[weight])}>
      <div className={styles.head}>
        <span className={styles.title}>{title}</span>
        <span className={styles.name}>{event.name}</span>
        <span className={styles.at}>at {formatMs(event.atMs - fromMs)}</span>
      </div>
      {sentence !== '' && <p className={styles.sentence}>{sentence}</p>}
      {requestId !== '' && (
        <p className={styles.sentence}>
          <Link href={`/trace/${requestId}`}>Open that request</Link>
        </p>
      )}
      {stack !== '' && (
        <pre className={styles.stack} tabIndex={0} aria-label={`Stack of ${title}`}>
          {stack}
        </pre>
      )}
      {others.length > 0 && (
        <details className={styles.details}>
          <summary>{others.length === 1 ? '1 attribute' : `${others.length} attributes`}</summary>
          <Facts facts={others.map(([name, value]) => ({ name, value: textOf(value) }))} />
        </details>
      )}
    </li>
  );
}

const getStyles = (theme: GrafanaTheme2) => ({
  list: css({ margin: 0, padding: 0, listStyle: 'none' }),
  event: css({
    padding: theme.spacing(0.75, 1),
    marginBottom: theme.spacing(1),
    borderLeft: '3px solid',
    background: theme.colors.background.secondary,
    borderRadius: theme.shape.radius.default,
  }),
  info: css({ borderLeftColor: theme.colors.border.strong }),
  warning: css({ borderLeftColor: theme.colors.warning.main }),
  error: css({ borderLeftColor: theme.colors.error.main }),
  head: css({ display: 'flex', flexWrap: 'wrap', gap: theme.spacing(0, 1), alignItems: 'baseline' }),
  title: css({ fontWeight: theme.typography.fontWeightMedium }),
  name: css({
    fontFamily: theme.typography.fontFamilyMonospace,
    fontSize: 11,
    color: theme.colors.text.secondary,
  }),
  at: css({
    marginLeft: 'auto',
    fontSize: 11,
    color: theme.colors.text.secondary,
    fontVariantNumeric: 'tabular-nums',
  }),
  sentence: css({
    margin: theme.spacing(0.25, 0, 0),
    fontSize: theme.typography.bodySmall.fontSize,
    overflowWrap: 'anywhere',
    '& a': { color: theme.colors.text.link, textDecoration: 'underline' },
  }),
  stack: css({
    margin: theme.spacing(0.5, 0, 0),
    padding: theme.spacing(0.75, 1),
    maxHeight: 220,
    overflow: 'auto',
    fontSize: 11,
    lineHeight: 1.5,
    background: theme.colors.background.canvas,
    border: `1px solid ${theme.colors.border.weak}`,
  }),
  details: css({
    marginTop: theme.spacing(0.5),
    fontSize: theme.typography.bodySmall.fontSize,
    '& summary': { cursor: 'pointer', color: theme.colors.text.secondary },
  }),
});
