// All boards, with what is wrong now on each.
import { css } from '@emotion/css';
import type { GrafanaTheme2 } from '@grafana/data';
import { Icon, useStyles2, useTheme2 } from '@grafana/ui';
import { useEffect, useState } from 'react';

import { activeAlerts } from '../data-sources/alertmanager';
import { wasAborted } from '../data-sources/http';
import { Link } from '../shell/router';
import { useTimeDefaults, useTimeRange } from '../shell/time';
import { allBoards } from './load';
import { panelsOf, type Board } from './model';
import { viewerModel } from './sources';
import { wrongOn, type Finding } from './wrong';

const DEFAULTS = { from: 'now-30m', to: 'now', refresh: '30s' };

// The order in which a reader goes through them; others follow by name.
const ORDER = ['home', 'service', 'slow-requests', 'mongodb', 'runtime', 'telemetry', 'life-cycle', 'members'];

function inOrder(boards: readonly Board[]): Board[] {
  const place = (board: Board) => {
    const index = ORDER.indexOf(board.uid.replace(/^serene-/, ''));
    return index < 0 ? ORDER.length : index;
  };
  return [...boards].sort((a, b) => place(a) - place(b) || a.title.localeCompare(b.title));
}

type State = { findings: Finding[] } | { error: string } | undefined;

/** What is wrong on a board, read again at each refresh; undefined until it is known. */
function useWrong(board: Board): State {
  const { range, tick } = useTimeRange();
  const theme = useTheme2();
  const [state, setState] = useState<State>();
  useEffect(() => {
    const abort = new AbortController();
    const read = async () => {
      const [viewer, alerts] = await Promise.all([viewerModel(), activeAlerts(abort.signal)]);
      return wrongOn(board, alerts, { viewer, range, theme, signal: abort.signal });
    };
    read().then(
      (findings) => setState({ findings }),
      (error: unknown) => wasAborted(error) || setState({ error: String(error) }),
    );
    return () => abort.abort();
  }, [board, range, tick, theme]);
  return state;
}

function Findings({ state }: { state: State }) {
  const styles = useStyles2(getStyles);
  if (state === undefined) {
    return <p className={styles.quiet}>Reading…</p>;
  }
  if ('error' in state) {
    return (
      <p role="alert" className={styles.bad}>
        It is not known what is wrong: {state.error}
      </p>
    );
  }
  if (state.findings.length === 0) {
    return (
      <p className={styles.good}>
        <Icon name="check-circle" /> Nothing is wrong
      </p>
    );
  }
  return (
    <ul className={styles.findings}>
      {state.findings.map(({ key, severity, text, value, summary }) => (
        <li key={key} className={severity === 'bad' ? styles.bad : styles.warn}>
          <Icon name={severity === 'bad' ? 'exclamation-circle' : 'exclamation-triangle'} />
          <span className={styles.what}>{text}</span>
          {summary === undefined ? <strong>{value}</strong> : <span className={styles.summary}>{summary}</span>}
        </li>
      ))}
    </ul>
  );
}

function Card({ board }: { board: Board }) {
  const styles = useStyles2(getStyles);
  const state = useWrong(board);
  return (
    <li className={styles.card} data-board={board.uid} data-known={state !== undefined}>
      <h2>
        <Link href={`/d/${board.uid}`}>{board.title}</Link>
      </h2>
      <p className={styles.description}>{board.description}</p>
      <Findings state={state} />
      <p className={styles.size}>{panelsOf(board).length} panels</p>
    </li>
  );
}

export default function BoardsPage() {
  const styles = useStyles2(getStyles);
  useTimeDefaults(DEFAULTS);
  const [boards, setBoards] = useState<Board[]>([]);
  const [error, setError] = useState('');
  useEffect(() => {
    document.title = 'Serene';
    allBoards().then(setBoards, (reason: unknown) => setError(String(reason)));
  }, []);
  return (
    <>
      <h1 className={styles.title}>Boards</h1>
      {error ? <p role="alert">The boards could not be read: {error}</p> : null}
      <ul className={styles.boards}>
        {inOrder(boards).map((board) => (
          <Card key={board.uid} board={board} />
        ))}
      </ul>
    </>
  );
}

const getStyles = (theme: GrafanaTheme2) => ({
  title: css({ fontSize: theme.typography.h3.fontSize }),
  boards: css({
    display: 'grid',
    gridTemplateColumns: 'repeat(auto-fill, minmax(340px, 1fr))',
    gap: theme.spacing(1.5),
    padding: 0,
    margin: 0,
    listStyle: 'none',
  }),
  card: css({
    display: 'flex',
    flexDirection: 'column',
    gap: theme.spacing(1),
    padding: theme.spacing(2),
    background: theme.colors.background.primary,
    border: `1px solid ${theme.colors.border.weak}`,
    borderRadius: theme.shape.radius.default,
    h2: { fontSize: theme.typography.h5.fontSize, margin: 0 },
    'h2 a': { color: theme.colors.text.link },
    p: { margin: 0 },
  }),
  description: css({ color: theme.colors.text.secondary }),
  quiet: css({ color: theme.colors.text.secondary, fontSize: theme.typography.bodySmall.fontSize }),
  size: css({
    '&&': { marginTop: 'auto' },
    color: theme.colors.text.secondary,
    fontSize: theme.typography.bodySmall.fontSize,
  }),
  findings: css({
    listStyle: 'none',
    margin: 0,
    padding: 0,
    li: { display: 'flex', flexWrap: 'wrap', columnGap: theme.spacing(1), alignItems: 'center' },
  }),
  what: css({ flex: 1 }),
  summary: css({
    flex: '0 0 100%',
    paddingLeft: theme.spacing(3),
    color: theme.colors.text.primary,
    fontSize: theme.typography.bodySmall.fontSize,
  }),
  bad: css({ color: theme.colors.error.text }),
  warn: css({ color: theme.colors.warning.text }),
  good: css({ color: theme.colors.success.text }),
});
