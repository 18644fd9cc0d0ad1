// Traces as a table: each leads to its waterfall; a column for what distinguishes the matched spans.
import { css } from '@emotion/css';
import { dateTimeFormat, type GrafanaTheme2 } from '@grafana/data';
import { Icon, useStyles2 } from '@grafana/ui';

import { tableStyles } from '../parts/tableStyles';
import { Link } from '../shell/router';
import { formatMs } from '../trace/time';
import type { SortKey, TraceRow } from './results';

interface Props {
  rows: readonly TraceRow[];
  /** Names of attributes of the matched spans. */
  columns: readonly string[];
  sortKey: SortKey;
  descending: boolean;
  onSort(key: SortKey): void;
  /** A value was chosen: only traces that have it. */
  onValue(name: string, value: string): void;
}

export function ResultTable({ rows, columns, sortKey, descending, onSort, onValue }: Props) {
  const styles = useStyles2(tableStyles);
  const own = useStyles2(getStyles);
  const longest = Math.max(...rows.map((row) => row.durationMs), 1);
  const header = (key: SortKey, text: string) => (
    <th scope="col" aria-sort={key !== sortKey ? 'none' : descending ? 'descending' : 'ascending'}>
      <button type="button" className={styles.sort} onClick={() => onSort(key)}>
        {text}
        {key === sortKey && <Icon name={descending ? 'arrow-down' : 'arrow-up'} size="sm" />}
      </button>
    </th>
  );
  return (
    <div className={styles.scroll}>
      <table className={styles.table} data-testid="traces">
        <thead>
          <tr>
            {header('began', 'Began')}
            {header('name', 'Request')}
            {header('duration', 'Duration')}
            {columns.map((name) => (
              <th key={name} scope="col">
                {name}
              </th>
            ))}
            {header('matched', 'Spans')}
            <th scope="col">Trace</th>
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={row.traceId}>
              <td className={own.time}>
                {dateTimeFormat(row.beganUnixMs, { format: 'MM-DD HH:mm:ss.SSS' })}
              </td>
              <td className={own.name}>
                {row.failed && <Icon name="exclamation-circle" className={own.failed} title="Failed" />}{' '}
                <Link href={address(row)}>{row.name || row.spans[0]?.name || 'unnamed'}</Link>{' '}
                <span className={own.service}>{row.service}</span>
              </td>
              <td className={own.duration}>
                <span className={own.bar} style={{ width: `${(row.durationMs / longest) * 100}%` }} />
                <span className={own.value}>{formatMs(row.durationMs)}</span>
              </td>
              {columns.map((name) => (
                <td key={name} className={own.attribute}>
                  {valuesOf(row, name).map((value) => (
                    <button
                      key={value}
                      type="button"
                      className={own.filter}
                      title={`Only traces with this ${name}`}
                      onClick={() => onValue(name, value)}
                    >
                      {value}
                    </button>
                  ))}
                </td>
              ))}
              <td className={styles.number}>{row.matched}</td>
              <td>
                <code className={own.id}>{row.traceId.slice(0, 12)}</code>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

/** The first matched span is selected there. */
function address(row: TraceRow): string {
  const span = row.spans.length > 0 && row.spans[0]!.name !== row.name ? row.spans[0]!.spanId : '';
  return `/trace/${row.traceId}${span === '' ? '' : `?span=${span}`}`;
}

function valuesOf(row: TraceRow, name: string): string[] {
  return [...new Set(row.spans.map((span) => span.attributes[name] ?? ''))].filter(Boolean);
}

const getStyles = (theme: GrafanaTheme2) => ({
  time: css({ whiteSpace: 'nowrap', color: theme.colors.text.secondary }),
  name: css({ overflowWrap: 'anywhere' }),
  service: css({ color: theme.colors.text.secondary }),
  failed: css({ color: theme.colors.error.text }),
  duration: css({ position: 'relative', minWidth: 130 }),
  bar: css({
    position: 'absolute',
    left: 0,
    top: 4,
    bottom: 4,
    minWidth: 2,
    background: theme.isDark ? 'rgba(110, 159, 255, 0.3)' : 'rgba(56, 101, 171, 0.22)',
    borderRadius: 2,
  }),
  value: css({ position: 'relative' }),
  attribute: css({ overflowWrap: 'anywhere', maxWidth: 320 }),
  filter: css({
    display: 'block',
    padding: 0,
    border: 'none',
    background: 'none',
    color: 'inherit',
    font: 'inherit',
    textAlign: 'left',
    '&:hover': { textDecoration: 'underline' },
  }),
  id: css({ background: 'none', border: 'none', padding: 0, color: theme.colors.text.secondary }),
});
