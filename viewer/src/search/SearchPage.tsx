// Search for traces by TraceQL: /search?q=...
import { css } from '@emotion/css';
import type { GrafanaTheme2 } from '@grafana/data';
import { Button, useStyles2 } from '@grafana/ui';
import { useMemo } from 'react';

import { searchTraces } from '../data-sources/tempo';
import { Notice, Reading } from '../parts/Notice';
import { Page } from '../parts/Page';
import { QueryField } from '../parts/QueryField';
import { useLoad } from '../parts/useLoad';
import { setSearch, useLocation } from '../shell/router';
import { useTimeRange } from '../shell/time';
import { conditionFor, DEFAULT_QUERY, PRESETS, withCondition } from './presets';
import { attributeColumns, rowsOf, sorted, type SortKey } from './results';
import { ResultTable } from './ResultTable';

const LIMITS = [20, 50, 200] as const;
const MOST_COLUMNS = 4;

export default function SearchPage() {
  const styles = useStyles2(getStyles);
  const { search } = useLocation();
  const { range, tick } = useTimeRange();
  const query = search.get('q') ?? DEFAULT_QUERY;
  const limit = LIMITS.find((each) => String(each) === search.get('limit')) ?? LIMITS[1];
  const found = useLoad(
    (signal) =>
      searchTraces(query, { start: range.from.valueOf(), end: range.to.valueOf(), limit }, signal),
    [query, limit, tick, range.from.valueOf(), range.to.valueOf()],
    { keep: true },
  );
  const rows = useMemo(() => rowsOf(found.value ?? []), [found.value]);
  const key = (search.get('sort') ?? 'began') as SortKey;
  const descending = search.get('order') !== 'up';
  const run = (next: string) => (next === query ? found.reload() : setSearch({ q: next || null }));
  return (
    <Page title="Search traces" lead="By TraceQL, over the time range above.">
      <QueryField language="TraceQL" query={query} onRun={run} />
      <div className={styles.presets} role="group" aria-label="Queries to start from">
        {PRESETS.map((preset) => (
          <Button
            key={preset.name}
            size="sm"
            variant={preset.query === query ? 'primary' : 'secondary'}
            fill="outline"
            aria-pressed={preset.query === query}
            onClick={() => run(preset.query)}
          >
            {preset.name}
          </Button>
        ))}
      </div>
      {found.state === 'failed' ? (
        <Notice kind="problem" title="Tempo did not accept this query" onRetry={found.reload}>
          <p className={styles.message}>{found.problem}</p>
        </Notice>
      ) : found.value === undefined ? (
        <Reading what="traces" />
      ) : rows.length === 0 ? (
        <Notice kind="empty" title="No trace matches" onRetry={found.reload}>
          <p>
            In this time range, of the traces that were kept. A trace can be searched a second or two
            after it has arrived; by its id it is found at once.
          </p>
        </Notice>
      ) : (
        <>
          <p className={styles.count} role="status">
            {rows.length === limit ? `The newest ${limit} traces that match; there may be more.` : `${rows.length} traces.`}{' '}
            {rows.length === limit && limit !== LIMITS.at(-1) && (
              <Button
                size="sm"
                variant="secondary"
                fill="text"
                onClick={() => setSearch({ limit: String(LIMITS[LIMITS.indexOf(limit) + 1]) })}
              >
                Show more
              </Button>
            )}
          </p>
          <ResultTable
            rows={sorted(rows, key, descending)}
            columns={attributeColumns(rows, MOST_COLUMNS)}
            sortKey={key}
            descending={descending}
            onValue={(name, value) => run(withCondition(query, conditionFor(name, value)))}
            onSort={(next) =>
              setSearch({ sort: next, order: next === key && descending ? 'up' : null }, { replace: true })
            }
          />
        </>
      )}
    </Page>
  );
}

const getStyles = (theme: GrafanaTheme2) => ({
  presets: css({ display: 'flex', flexWrap: 'wrap', gap: theme.spacing(1), marginBottom: theme.spacing(1.5) }),
  message: css({ fontFamily: theme.typography.fontFamilyMonospace, whiteSpace: 'pre-wrap', overflowWrap: 'anywhere' }),
  count: css({ color: theme.colors.text.secondary, margin: theme.spacing(0, 0, 0.5) }),
});
