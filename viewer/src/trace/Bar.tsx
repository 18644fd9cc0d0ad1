// The bar of one span on the time axis: its phases, its part on the critical path, its events.
import { css, cx } from '@emotion/css';
import type { GrafanaTheme2 } from '@grafana/data';
import { useStyles2, useTheme2 } from '@grafana/ui';
import { memo } from 'react';

import { phaseColour } from './colours';
import type { Segment } from './criticalPath';
import { meaningOf } from './events';
import { endMs, type Span } from './model';
import { segmentsOfSpan } from './phases';
import { formatMs, formatSeconds } from './time';
import { extent, place, type TimeView } from './view';

interface Props {
  span: Span;
  view: TimeView;
  colour: string;
  critical: readonly Segment[];
}

export const Bar = memo(function Bar({ span, view, colour, critical }: Props) {
  const styles = useStyles2(getStyles);
  const whole = extent(view, span.startMs, endMs(span));
  return (
    <div className={styles.track}>
      {whole !== undefined && (
        <div
          className={cx(styles.bar, span.failed && styles.failed)}
          style={{ left: `${whole.left}%`, width: `max(2px, ${whole.width}%)`, background: colour }}
        />
      )}
      <Phases span={span} view={view} />
      {critical.map(({ fromMs, toMs }) => {
        const part = extent(view, fromMs, toMs);
        return part === undefined ? null : (
          <div
            key={fromMs}
            className={styles.critical}
            style={{ left: `${part.left}%`, width: `max(1px, ${part.width}%)` }}
          />
        );
      })}
      <Events span={span} view={view} />
      <Duration span={span} view={view} />
    </div>
  );
});

function Phases({ span, view }: { span: Span; view: TimeView }) {
  const styles = useStyles2(getStyles);
  const theme = useTheme2();
  return segmentsOfSpan(span).map(({ phase, fromSeconds, seconds }) => {
    const fromMs = span.startMs + fromSeconds * 1000;
    const part = extent(view, fromMs, fromMs + seconds * 1000);
    return part === undefined || part.width < 0.05 ? null : (
      <div
        key={`${phase}-${fromSeconds}`}
        className={styles.phase}
        title={`${phase}: ${formatSeconds(seconds)}`}
        style={{
          left: `${part.left}%`,
          width: `${part.width}%`,
          background: phaseColour(phase, theme),
        }}
      />
    );
  });
}

function Events({ span, view }: { span: Span; view: TimeView }) {
  const styles = useStyles2(getStyles);
  return span.events.map((event, number) => {
    const at = place(view, event.atMs);
    const { title, sentence, weight } = meaningOf(event);
    return at < -0.001 || at > 1.001 ? null : (
      <div
        key={number}
        className={cx(styles.event, styles[weight])}
        title={`${title}, ${formatMs(event.atMs - span.startMs)} after the span began. ${sentence}`}
        style={{ left: `${Math.min(1, Math.max(0, at)) * 100}%` }}
      />
    );
  });
}

/** Behind the bar where there is room, else before it, else upon it. */
function Duration({ span, view }: { span: Span; view: TimeView }) {
  const styles = useStyles2(getStyles);
  const from = place(view, span.startMs);
  const to = place(view, endMs(span));
  if (to < 0 || from > 1) {
    return null;
  }
  const text = formatMs(span.durationMs);
  if (to < 0.88) {
    return <span className={styles.duration} style={{ left: `calc(${to * 100}% + 8px)` }}>{text}</span>;
  }
  if (from > 0.12) {
    return (
      <span className={styles.duration} style={{ right: `calc(${(1 - from) * 100}% + 8px)` }}>
        {text}
      </span>
    );
  }
  return <span className={cx(styles.duration, styles.upon)}>{text}</span>;
}

const getStyles = (theme: GrafanaTheme2) => ({
  track: css({ position: 'relative', height: '100%', overflow: 'hidden' }),
  bar: css({ position: 'absolute', top: 7, height: 12, borderRadius: 2 }),
  failed: css({ outline: `1px solid ${theme.colors.error.main}`, outlineOffset: 1 }),
  phase: css({
    position: 'absolute',
    top: 7,
    height: 12,
    // A thin gap, so that two phases of a like colour are two.
    boxShadow: `inset -1px 0 0 ${theme.colors.background.primary}`,
    '&:hover': { filter: 'brightness(1.15)' },
  }),
  critical: css({
    position: 'absolute',
    top: 20,
    height: 2,
    background: theme.isDark ? '#ffffff' : '#1b1f24',
    borderRadius: 1,
    pointerEvents: 'none',
  }),
  event: css({
    position: 'absolute',
    top: 9,
    width: 8,
    height: 8,
    marginLeft: -4,
    transform: 'rotate(45deg)',
    border: `1px solid ${theme.colors.background.primary}`,
  }),
  info: css({ background: theme.isDark ? '#ffffff' : '#1b1f24' }),
  warning: css({ background: theme.isDark ? '#ffd24d' : '#ffb300', borderColor: '#1b1f24' }),
  error: css({ background: theme.colors.error.main, borderColor: '#ffffff' }),
  duration: css({
    position: 'absolute',
    top: 3,
    lineHeight: '20px',
    fontSize: 11,
    fontVariantNumeric: 'tabular-nums',
    whiteSpace: 'nowrap',
    color: theme.colors.text.secondary,
    pointerEvents: 'none',
  }),
  upon: css({
    right: 6,
    padding: theme.spacing(0, 0.5),
    borderRadius: 2,
    background: theme.colors.background.primary,
    color: theme.colors.text.primary,
    top: 5,
    lineHeight: '16px',
  }),
});
