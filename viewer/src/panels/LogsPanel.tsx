// Logs: lines with their time and level; a click shows the fields of one, and opens its trace.
import { css, cx } from '@emotion/css';
import { dateTimeFormat, FieldType, type DataFrame, type GrafanaTheme2 } from '@grafana/data';
import { useStyles2 } from '@grafana/ui';
import { useState } from 'react';

import { useOpenTrace } from '../boards/OpenTrace';
import { Message } from './Message';
import { optionsOf, type PanelProps } from './props';

const DEFAULTS = {
  showTime: true,
  showLabels: false,
  wrapLogMessage: false,
  prettifyLogMessage: false,
  enableLogDetails: true,
  sortOrder: 'Descending',
};

export interface Line {
  key: string;
  time: number;
  text: string;
  level: string;
  labels: Readonly<Record<string, string>>;
}

const LEVELS: ReadonlyArray<[RegExp, string]> = [
  [/^(crit|fatal|emerg|alert)/, 'critical'],
  [/^err/, 'error'],
  [/^warn/, 'warning'],
  [/^info/, 'info'],
  [/^(debug|trace)/, 'debug'],
];

/** One of Grafana's levels, of a line's labels. */
export function levelOf(labels: Readonly<Record<string, string>>): string {
  const named = labels['detected_level'] ?? labels['level'] ?? labels['severity_text'] ?? '';
  return LEVELS.find(([pattern]) => pattern.test(named.toLowerCase()))?.[1] ?? 'unknown';
}

export function linesOf(frames: readonly DataFrame[]): Line[] {
  return frames.flatMap((frame) => {
    const find = (type: FieldType, name: string) =>
      frame.fields.find((field) => field.name === name) ??
      frame.fields.find((field) => field.type === type);
    const times = find(FieldType.time, 'Time')?.values ?? [];
    const texts = find(FieldType.string, 'Line')?.values ?? [];
    const labels = find(FieldType.other, 'labels')?.values ?? [];
    const keys = find(FieldType.string, 'tsNs')?.values ?? [];
    return texts.map((text, index) => {
      const own = (labels[index] ?? {}) as Readonly<Record<string, string>>;
      return {
        key: `${String(keys[index])}-${index}`,
        time: Number(times[index]),
        text: String(text),
        level: levelOf(own),
        labels: own,
      };
    });
  });
}

/** A JSON line as its message and the rest; other lines as they are. */
function shortened(text: string): string {
  try {
    const body = JSON.parse(text) as Record<string, unknown>;
    const message = body['message'] ?? body['event'] ?? body['msg'];
    return typeof message === 'string' ? `${message}  ${text}` : text;
  } catch {
    return text;
  }
}

function Details({ line }: { line: Line }) {
  const styles = useStyles2(getStyles);
  const open = useOpenTrace();
  const trace = line.labels['trace_id'];
  return (
    <div className={styles.details}>
      {trace ? (
        <button type="button" className={styles.link} onClick={() => open(trace)}>
          Open the trace
        </button>
      ) : null}
      <pre>{line.text}</pre>
      <dl>
        {Object.entries(line.labels)
          .sort()
          .map(([name, value]) => (
            <div key={name}>
              <dt>{name}</dt>
              <dd>{value}</dd>
            </div>
          ))}
      </dl>
    </div>
  );
}

export function LogsPanel({ panel, frames, height }: PanelProps) {
  const styles = useStyles2(getStyles);
  const options = optionsOf(panel, DEFAULTS);
  const [open, setOpen] = useState<string>();
  const lines = linesOf(frames);
  const ordered = options.sortOrder === 'Ascending' ? [...lines].reverse() : lines;
  if (ordered.length === 0) {
    return <Message text={panel.fieldConfig?.defaults.noValue ?? 'No lines'} />;
  }
  return (
    <div
      className={styles.list}
      style={{ height }}
      role="region"
      tabIndex={0}
      aria-label={`Log lines of ${panel.title ?? 'this panel'}`}
    >
      {ordered.map((line) => (
        <div key={line.key}>
          <button
            type="button"
            className={cx(styles.line, options.wrapLogMessage && styles.wrapped)}
            aria-expanded={open === line.key}
            disabled={!options.enableLogDetails}
            onClick={() => setOpen(open === line.key ? undefined : line.key)}
          >
            <span className={styles.level} data-level={line.level} aria-hidden />
            {options.showTime ? (
              <span className={styles.time}>
                {dateTimeFormat(line.time, { format: 'YYYY-MM-DD HH:mm:ss.SSS' })}
              </span>
            ) : null}
            <span className={styles.word}>{line.level}</span>
            <span className={styles.text}>{shortened(line.text)}</span>
          </button>
          {open === line.key ? <Details line={line} /> : null}
        </div>
      ))}
    </div>
  );
}

const getStyles = (theme: GrafanaTheme2) => ({
  list: css({ overflow: 'auto', fontFamily: theme.typography.fontFamilyMonospace, fontSize: 12 }),
  line: css({
    display: 'flex',
    gap: theme.spacing(1),
    alignItems: 'stretch',
    minWidth: '100%',
    padding: '1px 4px',
    border: 0,
    background: 'none',
    color: theme.colors.text.primary,
    font: 'inherit',
    textAlign: 'left',
    whiteSpace: 'pre',
    '&:hover': { background: theme.colors.action.hover },
  }),
  wrapped: css({ width: '100%', whiteSpace: 'pre-wrap', overflowWrap: 'anywhere' }),
  level: css({
    flex: '0 0 3px',
    background: theme.colors.text.disabled,
    '&[data-level="critical"]': { background: theme.visualization.getColorByName('purple') },
    '&[data-level="error"]': { background: theme.visualization.getColorByName('red') },
    '&[data-level="warning"]': { background: theme.visualization.getColorByName('orange') },
    '&[data-level="info"]': { background: theme.visualization.getColorByName('green') },
    '&[data-level="debug"]': { background: theme.visualization.getColorByName('blue') },
  }),
  time: css({ color: theme.colors.text.secondary, flex: 'none' }),
  word: css({ flex: '0 0 64px' }),
  text: css({ flex: 1, minWidth: 0 }),
  link: css({
    border: 0,
    padding: 0,
    background: 'none',
    color: theme.colors.text.link,
    textDecoration: 'underline',
  }),
  details: css({
    padding: theme.spacing(0.5, 1, 1, 2),
    background: theme.colors.background.secondary,
    pre: { margin: theme.spacing(0.5, 0), whiteSpace: 'pre-wrap', wordBreak: 'break-word' },
    dl: { margin: 0 },
    'dl > div': { display: 'flex', gap: theme.spacing(1) },
    dt: { flex: '0 0 220px', color: theme.colors.text.secondary, fontWeight: 'normal' },
    dd: { margin: 0, wordBreak: 'break-word' },
  }),
});
