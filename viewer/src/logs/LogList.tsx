// Log lines: level, time and message; a line opens to its fields, with links and filters.
//
// Rows are as high as their text; those out of view are skipped by the browser (content-visibility).
import { css, cx } from '@emotion/css';
import { dateTimeFormat, type GrafanaTheme2 } from '@grafana/data';
import { IconButton, useStyles2 } from '@grafana/ui';
import { memo, useState } from 'react';

import { Copy } from '../parts/Copy';
import { Facts } from '../parts/Facts';
import { Link } from '../shell/router';
import { formatMs } from '../trace/time';
import type { LogLine } from './loki';
import type { Comparison } from './logql';

interface Props {
  lines: readonly LogLine[];
  /** Times are shown relative to this instant, in milliseconds since 1970. */
  relativeTo?: number;
  wrap?: boolean;
  /** Whether lines link to their traces. */
  linked?: boolean;
  onFilter?: (name: string, comparison: Comparison, value: string) => void;
}

export function LogList({ lines, relativeTo, wrap = true, linked = true, onFilter }: Props) {
  const styles = useStyles2(getStyles);
  return (
    <ol className={styles.list} data-testid="log-lines">
      {lines.map((line) => (
        <Item key={line.key} {...{ line, relativeTo, wrap, linked, onFilter }} />
      ))}
    </ol>
  );
}

interface ItemProps {
  line: LogLine;
  relativeTo: number | undefined;
  wrap: boolean;
  linked: boolean;
  onFilter: Props['onFilter'];
}

const Item = memo(function Item({ line, relativeTo, wrap, linked, onFilter }: ItemProps) {
  const styles = useStyles2(getStyles);
  const [open, setOpen] = useState(false);
  const time =
    relativeTo === undefined
      ? dateTimeFormat(line.unixMs, { format: 'HH:mm:ss.SSS' })
      : relative(line.unixMs - relativeTo);
  return (
    <li className={cx(styles.item, styles[line.level])}>
      <div className={styles.line}>
        <button
          type="button"
          className={styles.button}
          aria-expanded={open}
          onClick={() => setOpen(!open)}
        >
          <time className={styles.time} title={dateTimeFormat(line.unixMs, { format: 'YYYY-MM-DD HH:mm:ss.SSS' })}>
            {time}
          </time>
          <span className={styles.level}>{line.level}</span>
          <span className={cx(styles.message, !wrap && styles.cut)}>{line.message}</span>
          <span className={styles.logger}>{line.logger}</span>
        </button>
        {linked && line.traceId !== '' && (
          <Link className={styles.link} href={`/trace/${line.traceId}`} aria-label={`Open the trace ${line.traceId}`}>
            trace
          </Link>
        )}
      </div>
      {open && <Fields line={line} onFilter={onFilter} />}
    </li>
  );
});

function Fields({ line, onFilter }: { line: LogLine; onFilter: Props['onFilter'] }) {
  const styles = useStyles2(getStyles);
  return (
    <div className={styles.fields}>
      <Facts
        facts={Object.entries(line.fields).map(([name, value]) => ({
          name,
          value,
          shown:
            name === 'trace_id' || name === 'request_id' ? (
              <Link className={styles.fieldLink} href={`/trace/${value}`}>
                {value}
              </Link>
            ) : undefined,
          actions: onFilter !== undefined && value.length < 500 && (
            <>
              <IconButton
                name="search-plus"
                size="sm"
                tooltip={`Only lines with this ${name}`}
                aria-label={`Only lines with this ${name}`}
                onClick={() => onFilter(name, '=', value)}
              />
              <IconButton
                name="search-minus"
                size="sm"
                tooltip={`Without lines with this ${name}`}
                aria-label={`Without lines with this ${name}`}
                onClick={() => onFilter(name, '!=', value)}
              />
            </>
          ),
        }))}
      />
      <div className={styles.raw}>
        As it was written <Copy text={line.raw} what="the line" />
      </div>
    </div>
  );
}

function relative(ms: number): string {
  return `${ms < 0 ? '−' : '+'}${formatMs(Math.abs(ms))}`;
}

const getStyles = (theme: GrafanaTheme2) => {
  const level = (bar: string, text: string) =>
    css({ borderLeftColor: bar, '& [data-level], & button > span:nth-of-type(1)': { color: text } });
  return {
    list: css({
      margin: 0,
      padding: 0,
      listStyle: 'none',
      fontFamily: theme.typography.fontFamilyMonospace,
      fontSize: 12,
    }),
    item: css({
      borderLeft: '4px solid',
      borderBottom: `1px solid ${theme.colors.border.weak}`,
      contentVisibility: 'auto',
      containIntrinsicSize: 'auto 26px',
      '&:hover': { background: theme.colors.background.secondary },
    }),
    line: css({ display: 'flex', alignItems: 'start' }),
    button: css({
      flex: 1,
      minWidth: 0,
      display: 'flex',
      alignItems: 'start',
      gap: theme.spacing(1),
      padding: theme.spacing(0.375, 1),
      border: 'none',
      background: 'none',
      color: theme.colors.text.primary,
      font: 'inherit',
      lineHeight: 1.5,
      textAlign: 'left',
      '&:focus-visible': { outline: `2px solid ${theme.colors.primary.main}`, outlineOffset: -2 },
    }),
    time: css({ color: theme.colors.text.secondary, flexShrink: 0, minWidth: 64 }),
    level: css({ flexShrink: 0, width: 64 }),
    message: css({ flex: 1, minWidth: 0, overflowWrap: 'anywhere', whiteSpace: 'pre-wrap' }),
    cut: css({ whiteSpace: 'nowrap', overflow: 'hidden', textOverflow: 'ellipsis' }),
    logger: css({
      flexShrink: 0,
      maxWidth: 220,
      overflow: 'hidden',
      textOverflow: 'ellipsis',
      whiteSpace: 'nowrap',
      color: theme.colors.text.secondary,
    }),
    link: css({
      padding: theme.spacing(0.375, 1),
      lineHeight: 1.5,
      color: theme.colors.text.link,
      textDecoration: 'underline',
      overflowWrap: 'anywhere',
    }),
    fieldLink: css({ color: theme.colors.text.link, textDecoration: 'underline', overflowWrap: 'anywhere' }),
    fields: css({ padding: theme.spacing(0, 1, 1, 2), background: theme.colors.background.secondary }),
    raw: css({ display: 'flex', gap: 4, alignItems: 'center', color: theme.colors.text.secondary, paddingTop: 4 }),
    CRITICAL: level('#a352cc', theme.isDark ? '#d6a3f0' : '#7c2eae'),
    ERROR: level(theme.colors.error.main, theme.colors.error.text),
    WARNING: level('#eab839', theme.colors.warning.text),
    INFO: level('#6ca64a', theme.colors.success.text),
    DEBUG: level('#5794f2', theme.colors.info.text),
    UNKNOWN: level(theme.colors.border.strong, theme.colors.text.secondary),
  };
};
