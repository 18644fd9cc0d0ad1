// The alerts: what fires, what is about to, what is silenced; each with its runbook and its board.
import { css, cx } from '@emotion/css';
import type { GrafanaTheme2 } from '@grafana/data';
import { useStyles2 } from '@grafana/ui';
import { useMemo } from 'react';

import { Notice, Reading } from '../parts/Notice';
import { Page } from '../parts/Page';
import { Section } from '../parts/Section';
import { useLoad } from '../parts/useLoad';
import { setSearch, useLocation } from '../shell/router';
import { useTimeDefaults, useTimeRange } from '../shell/time';
import { formatInstant } from '../trace/time';
import { AlertItem } from './AlertItem';
import { countByState, STATES, type AlertRule, type AlertState as State } from './alerts';
import { readAlerts } from './load';

const TIME = { from: 'now-1h', to: 'now', refresh: '10s' };
const NAMES: Readonly<Record<State, string>> = {
  firing: 'Firing',
  pending: 'Pending',
  silenced: 'Silenced',
  inhibited: 'Inhibited',
  inactive: 'Quiet rules',
};

export default function AlertsPage() {
  const styles = useStyles2(getStyles);
  const { search } = useLocation();
  useTimeDefaults(TIME);
  const { tick } = useTimeRange();
  const found = useLoad(readAlerts, [tick], { keep: true });
  const rules = useMemo(() => found.value?.rules ?? [], [found.value]);
  const counts = useMemo(() => countByState(rules), [rules]);
  const only = STATES.find((state) => state === search.get('state'));
  const wanted = (search.get('search') ?? '').toLowerCase();
  const shown = rules.filter(
    (rule) => (only === undefined || hasState(rule, only)) && textOf(rule).includes(wanted),
  );
  return (
    <Page title="Alerts" lead="As Prometheus evaluates them and Alertmanager delivers them.">
      <div className={styles.states} role="group" aria-label="States">
        {STATES.map((state) => (
          <button
            key={state}
            type="button"
            className={cx(styles.state, counts[state] > 0 && styles[state])}
            aria-pressed={only === state}
            onClick={() => setSearch({ state: only === state ? null : state })}
          >
            <span className={styles.count}>{found.value === undefined ? '–' : counts[state]}</span>
            {NAMES[state]}
          </button>
        ))}
        <input
          className={styles.find}
          type="search"
          value={search.get('search') ?? ''}
          placeholder="Find an alert"
          aria-label="Find an alert"
          onChange={(event) => setSearch({ search: event.currentTarget.value || null }, { replace: true })}
        />
      </div>
      {found.state === 'failed' && (
        <Notice kind="problem" title="Prometheus did not answer" onRetry={found.reload}>
          {found.problem}
        </Notice>
      )}
      {found.value !== undefined && found.value.alertmanagerProblem !== '' && (
        <Notice compact kind="problem" title="Alertmanager did not answer" onRetry={found.reload}>
          <p>{found.value.alertmanagerProblem}</p>
          <p>Nobody may be paged now, and silences are not known: a silenced alert is shown as firing.</p>
        </Notice>
      )}
      {found.value === undefined && found.state === 'loading' && <Reading what="the alerts" />}
      {found.value !== undefined && rules.length === 0 && (
        <Notice kind="empty" title="Prometheus has no alerting rules">
          They are written by “python -m dashboards” to deploy/rules.
        </Notice>
      )}
      {found.value !== undefined && counts.firing + counts.pending === 0 && rules.length > 0 && (
        <p className={styles.quiet} role="status">
          Nothing fires and nothing is pending, of {rules.length} rules.
        </p>
      )}
      <ul className={styles.list}>
        {shown.map((rule) => (
          <AlertItem key={`${rule.group}/${rule.name}/${rule.severity}`} rule={rule} />
        ))}
      </ul>
      {found.value !== undefined && found.value.silences.length > 0 && (
        <Section title={`Silences (${found.value.silences.length})`}>
          <ul className={styles.list}>
            {found.value.silences.map((silence) => (
              <li key={silence.id} className={styles.silence}>
                <code>{silence.matchers}</code>
                <span>
                  until {formatInstant(silence.endsUnixMs).slice(0, 16)}, by {silence.createdBy || 'unknown'}
                  {silence.comment && `: ${silence.comment}`}
                </span>
              </li>
            ))}
          </ul>
        </Section>
      )}
    </Page>
  );
}

function hasState(rule: AlertRule, state: State): boolean {
  return state === 'inactive' ? rule.alerts.length === 0 : rule.alerts.some((alert) => alert.state === state);
}

function textOf(rule: AlertRule): string {
  const alerts = rule.alerts.flatMap((alert) => [
    ...Object.values(alert.labels),
    alert.annotations['summary'] ?? '',
  ]);
  return [rule.name, rule.severity, rule.annotations['summary'], ...alerts].join(' ').toLowerCase();
}

const getStyles = (theme: GrafanaTheme2) => {
  const state = (colour: string) => css({ borderLeftColor: colour, '& > span': { color: colour } });
  return {
    states: css({ display: 'flex', flexWrap: 'wrap', gap: theme.spacing(1), marginBottom: theme.spacing(2) }),
    state: css({
      display: 'flex',
      alignItems: 'baseline',
      gap: theme.spacing(1),
      padding: theme.spacing(0.75, 2, 0.75, 1.5),
      border: `1px solid ${theme.colors.border.weak}`,
      borderLeft: `4px solid ${theme.colors.border.strong}`,
      borderRadius: theme.shape.radius.default,
      background: theme.colors.background.primary,
      color: theme.colors.text.primary,
      '&:hover': { background: theme.colors.action.hover },
      '&[aria-pressed="true"]': { background: theme.colors.action.selected },
    }),
    count: css({ fontSize: theme.typography.h3.fontSize, fontVariantNumeric: 'tabular-nums' }),
    firing: state(theme.colors.error.text),
    pending: state(theme.colors.warning.text),
    silenced: state(theme.colors.info.text),
    inhibited: state(theme.colors.text.secondary),
    inactive: state(theme.colors.success.text),
    find: css({
      marginLeft: 'auto',
      alignSelf: 'center',
      width: 220,
      height: 32,
      padding: theme.spacing(0, 1),
      color: theme.components.input.text,
      background: theme.components.input.background,
      border: `1px solid ${theme.components.input.borderColor}`,
      borderRadius: theme.shape.radius.default,
      '&::placeholder': { color: theme.colors.text.secondary, opacity: 1 },
    }),
    quiet: css({ color: theme.colors.success.text }),
    list: css({ margin: theme.spacing(0, 0, 2), padding: 0, listStyle: 'none' }),
    silence: css({
      display: 'flex',
      flexWrap: 'wrap',
      gap: theme.spacing(0.5, 2),
      padding: theme.spacing(1),
      borderBottom: `1px solid ${theme.colors.border.weak}`,
    }),
  };
};
