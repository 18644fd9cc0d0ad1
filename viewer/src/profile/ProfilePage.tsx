// What the hub ran: the always-on profile of every worker as a flame graph, by route and worker.
import { css, cx } from '@emotion/css';
import type { GrafanaTheme2 } from '@grafana/data';
import { RadioButtonGroup, useStyles2 } from '@grafana/ui';
import { Fragment, useMemo, type ReactNode } from 'react';

import { Notice, Reading } from '../parts/Notice';
import { Page } from '../parts/Page';
import { useLoad } from '../parts/useLoad';
import { setSearch, useLocation } from '../shell/router';
import { useTimeRange } from '../shell/time';
import { formatMs, formatShare } from '../trace/time';
import { costsBy, type Cost } from './flame';
import { FlameGraph } from './FlameGraph';
import { MOST_SECONDS, readProfiles, type WorkerProfile } from './load';
import type { ProfileStack } from './pprof';

const SPANS = [
  { label: '1 min', value: 60 },
  { label: '5 min', value: 300 },
  { label: '15 min', value: 900 },
  { label: '1 h', value: MOST_SECONDS },
];
const BIAS =
  'One sample each 25 ms of what the hub ran. Short work between two socket calls appears as the socket ' +
  'calls, and a call that keeps the interpreter appears once, with all of its time: compare routes and ' +
  'functions, not microseconds.';

export default function ProfilePage() {
  const styles = useStyles2(getStyles);
  const { search } = useLocation();
  const { tick } = useTimeRange();
  const seconds = SPANS.find((span) => String(span.value) === search.get('seconds'))?.value ?? 300;
  const worker = search.get('worker') ?? '';
  const route = search.get('route') ?? '';
  const kind = search.get('kind') ?? '';
  const found = useLoad((signal) => readProfiles(seconds, signal), [seconds, tick], { keep: true });
  const workers = found.value ?? [];
  const ofWorkers = useMemo(
    () => workers.filter(({ slot }) => worker === '' || String(slot) === worker).flatMap((each) => each.stacks),
    [found.value, worker],
  );
  const shown = useMemo(
    () => ofWorkers.filter((stack) => matches(stack, route, kind)),
    [ofWorkers, route, kind],
  );
  return (
    <Page
      title="Profile"
      lead={BIAS}
      actions={
        <>
          <RadioButtonGroup
            aria-label="Worker"
            size="sm"
            value={worker}
            options={[
              { label: 'All workers', value: '' },
              ...workers.map(({ slot }) => ({ label: `Worker ${slot}`, value: String(slot) })),
            ]}
            onChange={(value) => setSearch({ worker: value || null })}
          />
          <RadioButtonGroup
            aria-label="How long before now"
            size="sm"
            value={seconds}
            options={SPANS}
            onChange={(value) => setSearch({ seconds: String(value) })}
          />
        </>
      }
    >
      <Problems workers={workers} onRetry={found.reload} />
      {found.state === 'failed' ? (
        <Notice kind="problem" title="The profile could not be read" onRetry={found.reload}>
          {found.problem}
        </Notice>
      ) : found.value === undefined ? (
        <Reading what="the profile" />
      ) : ofWorkers.length === 0 ? (
        <Notice kind="empty" title="The hub ran nothing that was seen" onRetry={found.reload}>
          In this time. A hub that waits for events is in no sample; load the service with ./serene load.
        </Notice>
      ) : (
        <div className={styles.columns}>
          <div className={styles.side}>
            <Costs
              title="Routes"
              costs={costsBy(ofWorkers.filter((stack) => matches(stack, '', kind)), 'route')}
              chosen={route}
              onChoose={(name) => setSearch({ route: name || null })}
            />
            <Costs
              title="Kinds"
              costs={costsBy(ofWorkers.filter((stack) => matches(stack, route, '')), 'kind')}
              chosen={kind}
              onChoose={(name) => setSearch({ kind: name || null })}
            />
          </div>
          <div className={styles.graph} data-testid="flame-graph">
            <FlameGraph stacks={shown} byRoute={route === ''} />
          </div>
        </div>
      )}
    </Page>
  );
}

/** A route that breaks between its segments. */
function breakable(route: string): ReactNode {
  return route.split(/(?<=.)(?=\/)/).map((part, index) => (
    <Fragment key={index}>
      {index > 0 && <wbr />}
      {part}
    </Fragment>
  ));
}

function matches(stack: ProfileStack, route: string, kind: string): boolean {
  return (route === '' || stack.route === route) && (kind === '' || stack.kind === kind);
}

function Problems({ workers, onRetry }: { workers: readonly WorkerProfile[]; onRetry(): void }) {
  const silent = workers.filter((each) => each.problem !== '');
  return silent.length === 0 ? null : (
    <Notice
      compact
      kind="problem"
      title={`Not shown: ${silent.map(({ slot }) => `worker ${slot}`).join(', ')}`}
      onRetry={onRetry}
    >
      {silent[0]!.problem}
    </Notice>
  );
}

interface CostsProps {
  title: string;
  costs: readonly Cost[];
  chosen: string;
  onChoose(name: string): void;
}

function Costs({ title, costs, chosen, onChoose }: CostsProps) {
  const styles = useStyles2(getStyles);
  const total = costs.reduce((sum, cost) => sum + cost.nanoseconds, 0);
  const row = (name: string, text: string, nanoseconds: number) => (
    <li key={name}>
      <button
        type="button"
        className={cx(styles.cost, chosen === name && styles.chosen)}
        aria-pressed={chosen === name}
        onClick={() => onChoose(chosen === name ? '' : name)}
      >
        <span className={styles.bar} style={{ width: `${(nanoseconds / Math.max(1, total)) * 100}%` }} />
        <span className={styles.name}>{breakable(text)}</span>
        <span className={styles.value}>
          {formatMs(nanoseconds / 1e6)} · {formatShare(nanoseconds, total)}
        </span>
      </button>
    </li>
  );
  return (
    <section aria-label={title}>
      <h2 className={styles.heading}>{title}</h2>
      <ul className={styles.costs}>
        {row('', 'All', total)}
        {costs.map((cost) => row(cost.name, cost.name, cost.nanoseconds))}
      </ul>
    </section>
  );
}

const getStyles = (theme: GrafanaTheme2) => ({
  columns: css({ display: 'flex', flexWrap: 'wrap', gap: theme.spacing(2), alignItems: 'start' }),
  side: css({ flex: '1 1 280px', maxWidth: 400, minWidth: 0 }),
  graph: css({ flex: '3 1 600px', minWidth: 0 }),
  heading: css({ margin: theme.spacing(0, 0, 0.5), fontSize: theme.typography.body.fontSize }),
  costs: css({
    margin: theme.spacing(0, 0, 2),
    padding: 0,
    listStyle: 'none',
    background: theme.colors.background.primary,
    border: `1px solid ${theme.colors.border.weak}`,
    borderRadius: theme.shape.radius.default,
  }),
  cost: css({
    position: 'relative',
    display: 'flex',
    justifyContent: 'space-between',
    gap: theme.spacing(1),
    width: '100%',
    padding: theme.spacing(0.5, 1),
    border: 'none',
    borderBottom: `1px solid ${theme.colors.border.weak}`,
    background: 'none',
    color: theme.colors.text.primary,
    fontSize: theme.typography.bodySmall.fontSize,
    textAlign: 'left',
    '&:hover': { background: theme.colors.background.secondary },
  }),
  chosen: css({ background: theme.colors.background.secondary, boxShadow: `inset 3px 0 0 ${theme.colors.primary.main}` }),
  bar: css({
    position: 'absolute',
    left: 0,
    bottom: 0,
    height: 3,
    background: theme.isDark ? '#fb923c' : '#c2410c',
  }),
  name: css({ fontFamily: theme.typography.fontFamilyMonospace, overflowWrap: 'anywhere' }),
  value: css({ whiteSpace: 'nowrap', fontVariantNumeric: 'tabular-nums', color: theme.colors.text.secondary }),
});
