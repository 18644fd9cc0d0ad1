// Log lines by LogQL: /logs?q=...
import { css } from '@emotion/css';
import type { GrafanaTheme2 } from '@grafana/data';
import { Button, InlineSwitch, useStyles2 } from '@grafana/ui';

import { lokiRange } from '../data-sources/loki';
import { Notice, Reading } from '../parts/Notice';
import { Page } from '../parts/Page';
import { QueryField } from '../parts/QueryField';
import { useLoad } from '../parts/useLoad';
import { setSearch, useLocation } from '../shell/router';
import { useTimeRange } from '../shell/time';
import { LogList } from './LogList';
import { ALL_LINES, isLineQuery, volumeQuery, withField, withText } from './logql';
import { parseLines, parseVolume } from './loki';
import { Volume } from './Volume';

const MOST_LINES = 1000;
const COLUMNS = 120;
const STARTS = [
  { name: 'Warnings and errors', query: '{service_name=~".+", level=~"WARNING|ERROR|CRITICAL"}' },
  { name: 'Slow requests', query: '{service_name=~".+"} |= "slow request"' },
  { name: 'Slow commands', query: '{service_name=~".+"} |= "slow command"' },
  { name: 'Hub held', query: '{service_name=~".+"} |= "hub held"' },
  { name: 'Failed requests', query: '{service_name=~".+", level="ERROR"} | http_response_status_code=~"5.."' },
  { name: 'All lines', query: ALL_LINES },
];

export default function LogsPage() {
  const styles = useStyles2(getStyles);
  const { search } = useLocation();
  const query = search.get('q') ?? ALL_LINES;
  const wrap = search.get('wrap') !== 'off';
  const oldestFirst = search.get('order') === 'up';
  const { lines, volume, range } = useLines(query, oldestFirst);
  const run = (next: string) => (next === query ? lines.reload() : setSearch({ q: next || null }));
  const filter = (name: string, comparison: '=' | '!=', value: string) =>
    run(withField(query, name, comparison, value));
  return (
    <Page
      title="Logs"
      lead="By LogQL, over the time range above."
      actions={
        <>
          <InlineSwitch
            id="wrap-lines"
            label="Wrap lines"
            showLabel
            transparent
            value={wrap}
            onChange={() => setSearch({ wrap: wrap ? 'off' : null }, { replace: true })}
          />
          <InlineSwitch
            id="oldest-first"
            label="Oldest first"
            showLabel
            transparent
            value={oldestFirst}
            onChange={() => setSearch({ order: oldestFirst ? null : 'up' }, { replace: true })}
          />
        </>
      }
    >
      <QueryField language="LogQL" query={query} onRun={run} />
      <div className={styles.starts} role="group" aria-label="Queries to start from">
        {STARTS.map((start) => (
          <Button
            key={start.name}
            size="sm"
            variant={start.query === query ? 'primary' : 'secondary'}
            fill="outline"
            aria-pressed={start.query === query}
            onClick={() => run(start.query)}
          >
            {start.name}
          </Button>
        ))}
        <TextFilter onFilter={(text) => run(withText(query, text, '|='))} />
      </div>
      {volume.value !== undefined && volume.value.length > 0 && (
        <Volume volume={volume.value} from={range.from} to={range.to} step={range.step} />
      )}
      {lines.state === 'failed' ? (
        <Notice kind="problem" title="Loki did not answer this query with lines" onRetry={lines.reload}>
          <p className={styles.message}>{lines.problem}</p>
        </Notice>
      ) : lines.value === undefined ? (
        <Reading what="lines" />
      ) : lines.value.length === 0 ? (
        <Notice kind="empty" title="No line matches" onRetry={lines.reload}>
          In this time range. Lines take a second or two from a worker to Loki.
        </Notice>
      ) : (
        <>
          <p className={styles.count} role="status">
            {lines.value.length === MOST_LINES
              ? `The ${oldestFirst ? 'oldest' : 'newest'} ${MOST_LINES} lines that match; narrow the query or the time for others.`
              : `${lines.value.length} lines.`}
          </p>
          <div className={styles.lines}>
            <LogList lines={lines.value} wrap={wrap} onFilter={filter} />
          </div>
        </>
      )}
    </Page>
  );
}

function useLines(query: string, oldestFirst: boolean) {
  const { range, tick } = useTimeRange();
  const from = range.from.valueOf();
  const to = range.to.valueOf();
  const step = Math.max(1, Math.round((to - from) / COLUMNS / 1000));
  const direction = oldestFirst ? 'forward' : 'backward';
  const lines = useLoad(
    async (signal) =>
      parseLines(
        await lokiRange({ query, start: from, end: to, limit: MOST_LINES, direction }, signal),
        direction,
      ),
    [query, direction, from, to, tick],
    { keep: true },
  );
  const volume = useLoad(
    async (signal) =>
      isLineQuery(query)
        ? parseVolume(
            await lokiRange(
              { query: volumeQuery(query, step), start: from, end: to, step: step * 1000, limit: MOST_LINES },
              signal,
            ),
          )
        : [],
    [query, from, to, tick],
    { keep: true },
  );
  return { lines, volume, range: { from, to, step: step * 1000 } };
}

function TextFilter({ onFilter }: { onFilter(text: string): void }) {
  const styles = useStyles2(getStyles);
  return (
    <input
      className={styles.filter}
      type="search"
      placeholder="Only lines with this text"
      aria-label="Only lines with this text"
      onKeyDown={(event) => {
        const text = event.currentTarget.value.trim();
        if (event.key === 'Enter' && text !== '') {
          event.currentTarget.value = '';
          onFilter(text);
        }
      }}
    />
  );
}

const getStyles = (theme: GrafanaTheme2) => ({
  starts: css({
    display: 'flex',
    flexWrap: 'wrap',
    alignItems: 'center',
    gap: theme.spacing(1),
    marginBottom: theme.spacing(1.5),
  }),
  filter: css({
    marginLeft: 'auto',
    width: 240,
    height: 26,
    padding: theme.spacing(0, 1),
    color: theme.components.input.text,
    background: theme.components.input.background,
    border: `1px solid ${theme.components.input.borderColor}`,
    borderRadius: theme.shape.radius.default,
    '&::placeholder': { color: theme.colors.text.secondary, opacity: 1 },
  }),
  message: css({ fontFamily: theme.typography.fontFamilyMonospace, whiteSpace: 'pre-wrap', overflowWrap: 'anywhere' }),
  count: css({ color: theme.colors.text.secondary, margin: theme.spacing(1, 0, 0.5) }),
  lines: css({
    background: theme.colors.background.primary,
    border: `1px solid ${theme.colors.border.weak}`,
    borderRadius: theme.shape.radius.default,
  }),
});
