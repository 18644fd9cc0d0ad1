// Alert list: the alerts that fire or are pending, with links to their boards and runbooks.
import { css } from '@emotion/css';
import type { GrafanaTheme2 } from '@grafana/data';
import { useStyles2 } from '@grafana/ui';
import { useEffect, useState } from 'react';

import { interpolate } from '../boards/interpolate';
import { activeAlerts, type RuleAlert } from '../data-sources/alertmanager';
import { wasAborted } from '../data-sources/http';
import { Link } from '../shell/router';
import { Message } from './Message';
import { optionsOf, type PanelProps } from './props';

const DEFAULTS = {
  maxItems: 20,
  sortOrder: 1,
  alertName: '',
  alertInstanceLabelFilter: '',
  stateFilter: { firing: true, pending: true } as Record<string, boolean>,
};

const IMPORTANCE = { firing: 0, pending: 1, inactive: 2 };

/** Grafana's orders: by name up and down, by importance, by time up and down. */
const ORDERS: Readonly<Record<number, (a: RuleAlert, b: RuleAlert) => number>> = {
  1: (a, b) => nameOf(a).localeCompare(nameOf(b)),
  2: (a, b) => nameOf(b).localeCompare(nameOf(a)),
  3: (a, b) => IMPORTANCE[a.state] - IMPORTANCE[b.state],
  4: (a, b) => a.activeAt.localeCompare(b.activeAt),
  5: (a, b) => b.activeAt.localeCompare(a.activeAt),
};

const nameOf = (alert: RuleAlert): string => alert.labels['alertname'] ?? '';

/** Whether the labels of an alert match `{name="value", other=~"regex"}`. */
export function matchesLabels(filter: string, labels: Readonly<Record<string, string>>): boolean {
  const matchers = [...filter.matchAll(/(\w+)\s*(=~|!~|!=|=)\s*"((?:\\.|[^"])*)"/g)];
  return matchers.every(([, name = '', operator, value = '']) => {
    const given = labels[name] ?? '';
    const isRegex = operator === '=~' || operator === '!~';
    const same = isRegex ? new RegExp(`^(?:${value})$`).test(given) : given === value;
    return operator?.startsWith('!') ? !same : same;
  });
}

export function AlertListPanel({ panel, lookup, range, height }: PanelProps) {
  const styles = useStyles2(getStyles);
  const options = optionsOf(panel, DEFAULTS);
  const [alerts, setAlerts] = useState<readonly RuleAlert[]>();
  const [error, setError] = useState('');
  useEffect(() => {
    const abort = new AbortController();
    activeAlerts(abort.signal).then(
      (found) => (setError(''), setAlerts(found)),
      (reason: unknown) => wasAborted(reason) || setError(String(reason)),
    );
    return () => abort.abort();
  }, [range]);
  const name = interpolate(options.alertName, lookup).toLowerCase();
  const filter = interpolate(options.alertInstanceLabelFilter, lookup);
  const shown = (alerts ?? [])
    .filter((alert) => options.stateFilter[alert.state] === true)
    .filter((alert) => nameOf(alert).toLowerCase().includes(name))
    .filter((alert) => matchesLabels(filter, alert.labels))
    .sort(ORDERS[options.sortOrder])
    .slice(0, options.maxItems);
  if (error !== '') {
    return <p role="alert">The alerts could not be read: {error}</p>;
  }
  if (alerts === undefined) {
    return null;
  }
  if (shown.length === 0) {
    return <Message text="No alerts" />;
  }
  return (
    <ul className={styles.list} style={{ height }}>
      {shown.map((alert) => (
        <li key={JSON.stringify(alert.labels)} data-state={alert.state}>
          <strong>{nameOf(alert)}</strong> {alert.state}
          <span>{alert.annotations['summary']}</span>
          {alert.annotations['board'] ? <Link href={alert.annotations['board']}>Board</Link> : null}
        </li>
      ))}
    </ul>
  );
}

const getStyles = (theme: GrafanaTheme2) => ({
  list: css({
    margin: 0,
    overflow: 'auto',
    listStyle: 'none',
    li: {
      display: 'flex',
      flexWrap: 'wrap',
      gap: theme.spacing(1),
      padding: theme.spacing(0.5, 1),
      borderLeft: `3px solid ${theme.visualization.getColorByName('orange')}`,
      marginBottom: 4,
    },
    'li[data-state="firing"]': { borderLeftColor: theme.visualization.getColorByName('red') },
    a: { color: theme.colors.text.link },
  }),
});
