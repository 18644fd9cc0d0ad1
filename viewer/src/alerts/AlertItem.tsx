// One alerting rule: its state, what it means in a sentence, and the way to its runbook and board.
import { css, cx } from '@emotion/css';
import type { GrafanaTheme2 } from '@grafana/data';
import { Icon, LinkButton, useStyles2 } from '@grafana/ui';
import type { MouseEvent } from 'react';

import { navigate, useLocation } from '../shell/router';
import { formatAge } from '../trace/time';
import { boardPath, runbookName, type Alert, type AlertRule } from './alerts';

export function AlertItem({ rule }: { rule: AlertRule }) {
  const styles = useStyles2(getStyles);
  const quiet = rule.alerts.length === 0;
  return (
    <li className={cx(styles.item, styles[rule.state])} data-testid={`alert-${rule.name}`}>
      <div className={styles.head}>
        <span className={styles.state}>{rule.state}</span>
        <h2 className={styles.name}>{rule.name}</h2>
        {rule.severity !== '' && (
          <span className={cx(styles.severity, rule.severity === 'page' && styles.page)}>{rule.severity}</span>
        )}
        {quiet && <Ways annotations={rule.annotations} name={rule.name} />}
      </div>
      {rule.problem !== '' && (
        <p className={styles.problem}>
          <Icon name="exclamation-triangle" /> {rule.problem}
        </p>
      )}
      {rule.alerts.map((alert) => (
        <ActiveAlert key={JSON.stringify(alert.labels)} alert={alert} rule={rule} />
      ))}
      <details className={styles.details}>
        <summary>
          Query{rule.forSeconds > 0 && `, which has to hold for ${duration(rule.forSeconds)}`}
        </summary>
        {quiet && rule.annotations['description'] && <p>{rule.annotations['description']}</p>}
        <pre className={styles.query} tabIndex={0} aria-label={`Query of ${rule.name}`}>
          {rule.query}
        </pre>
      </details>
    </li>
  );
}

function ActiveAlert({ alert, rule }: { alert: Alert; rule: AlertRule }) {
  const styles = useStyles2(getStyles);
  const own = Object.entries(alert.labels).filter(
    ([name]) => !['alertname', 'severity'].includes(name) && rule.labels[name] === undefined,
  );
  return (
    <div className={styles.alert}>
      <div className={styles.text}>
        <p className={styles.summary}>{alert.annotations['summary'] ?? rule.name}</p>
        {alert.annotations['description'] && (
          <p className={styles.description}>{alert.annotations['description']}</p>
        )}
        <p className={styles.facts}>
          <span>
            {alert.state} since {formatAge(alert.activeSinceUnixMs, Date.now())}
          </span>
          {Number.isFinite(alert.value) && <span>value {Number(alert.value.toPrecision(4))}</span>}
          {own.map(([name, value]) => (
            <span key={name} className={styles.label}>
              {name}={value}
            </span>
          ))}
        </p>
      </div>
      <Ways annotations={alert.annotations} name={rule.name} />
    </div>
  );
}

function Ways({ annotations, name }: { annotations: Readonly<Record<string, string>>; name: string }) {
  const styles = useStyles2(getStyles);
  const { pathname } = useLocation();
  const runbook = runbookName(annotations['runbook'] ?? annotations['runbook_url'] ?? '');
  const board = boardPath(annotations['board'] ?? annotations['dashboard'] ?? '');
  const open = (path: string) => (event: MouseEvent) => {
    if (event.button === 0 && !event.metaKey && !event.ctrlKey && !event.shiftKey) {
      event.preventDefault();
      navigate(path);
    }
  };
  return (
    <span className={styles.ways}>
      {runbook !== '' && pathname !== `/runbooks/${runbook}` && (
        <LinkButton
          size="sm"
          icon="book"
          variant="secondary"
          href={`/runbooks/${runbook}`}
          aria-label={`Runbook of ${name}`}
          onClick={open(`/runbooks/${runbook}`)}
        >
          Runbook
        </LinkButton>
      )}
      {board !== '' && (
        <LinkButton
          size="sm"
          icon="apps"
          variant="secondary"
          href={board}
          aria-label={`Board of ${name}`}
          onClick={open(board)}
        >
          Board
        </LinkButton>
      )}
    </span>
  );
}

function duration(seconds: number): string {
  return seconds % 60 === 0 ? `${seconds / 60} min` : `${seconds} s`;
}

const getStyles = (theme: GrafanaTheme2) => {
  const state = (colour: string) => css({ borderLeftColor: colour, '& > div:first-of-type > span:first-of-type': { color: colour } });
  return {
    item: css({
      marginBottom: theme.spacing(1),
      padding: theme.spacing(1, 1.5),
      border: `1px solid ${theme.colors.border.weak}`,
      borderLeft: '4px solid',
      borderRadius: theme.shape.radius.default,
      background: theme.colors.background.primary,
    }),
    firing: state(theme.colors.error.text),
    pending: state(theme.colors.warning.text),
    silenced: state(theme.colors.info.text),
    inhibited: state(theme.colors.text.secondary),
    inactive: state(theme.colors.success.text),
    head: css({ display: 'flex', flexWrap: 'wrap', alignItems: 'center', gap: theme.spacing(1) }),
    state: css({ minWidth: 64, fontSize: theme.typography.bodySmall.fontSize }),
    name: css({ margin: 0, fontSize: theme.typography.h5.fontSize }),
    severity: css({
      padding: theme.spacing(0, 0.75),
      borderRadius: theme.shape.radius.default,
      border: `1px solid ${theme.colors.border.medium}`,
      fontSize: 11,
      lineHeight: '18px',
      color: theme.colors.text.secondary,
    }),
    page: css({ borderColor: theme.colors.error.border, color: theme.colors.error.text }),
    problem: css({ color: theme.colors.error.text, margin: theme.spacing(0.5, 0) }),
    alert: css({
      display: 'flex',
      flexWrap: 'wrap',
      justifyContent: 'space-between',
      gap: theme.spacing(1, 2),
      marginTop: theme.spacing(1),
      paddingTop: theme.spacing(1),
      borderTop: `1px solid ${theme.colors.border.weak}`,
    }),
    text: css({ flex: '1 1 420px', minWidth: 0 }),
    summary: css({ margin: 0, fontWeight: theme.typography.fontWeightMedium, overflowWrap: 'anywhere' }),
    description: css({ margin: theme.spacing(0.25, 0), color: theme.colors.text.secondary }),
    facts: css({
      display: 'flex',
      flexWrap: 'wrap',
      gap: theme.spacing(0.25, 1.5),
      margin: theme.spacing(0.5, 0, 0),
      fontSize: theme.typography.bodySmall.fontSize,
      color: theme.colors.text.secondary,
    }),
    label: css({ fontFamily: theme.typography.fontFamilyMonospace, overflowWrap: 'anywhere' }),
    ways: css({ display: 'flex', gap: theme.spacing(1), alignItems: 'start', marginLeft: 'auto' }),
    details: css({
      marginTop: theme.spacing(0.5),
      fontSize: theme.typography.bodySmall.fontSize,
      '& summary': { cursor: 'pointer', color: theme.colors.text.secondary },
    }),
    query: css({ margin: theme.spacing(0.5, 0, 0), fontSize: 11, whiteSpace: 'pre-wrap', overflowWrap: 'anywhere' }),
  };
};
