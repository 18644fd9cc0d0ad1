// One board: its variables, its links, and its panels in their grid.
import { css } from '@emotion/css';
import type { GrafanaTheme2 } from '@grafana/data';
import { useStyles2 } from '@grafana/ui';
import { useCallback, useEffect, useMemo, useState } from 'react';

import { setSearch, useLocation, useParams } from '../shell/router';
import { useTimeDefaults } from '../shell/time';
import { BoardLinks } from './BoardLinks';
import { Grid } from './Grid';
import { Inspect } from './Inspect';
import { useBoard, useSnapshot, type Snapshot } from './load';
import { panelsOf, type Board } from './model';
import { OpenTrace } from './OpenTrace';
import { problemsOfBoard } from './supported';
import { VariableBar } from './VariableBar';

// Parts of the address that change what is shown of the data, and not the data.
const VIEW_ONLY = new Set(['viewPanel', 'inspect', 'inspectTab', 'theme', 'trace', 'refresh', 'from', 'to', 'turned-row']);

/** The parts of an address on which the data depend. */
function dataAddress(search: URLSearchParams): string {
  const kept = [...search].filter(([name]) => !VIEW_ONLY.has(name));
  return new URLSearchParams(kept).toString();
}

function Problems({ board }: { board: Board }) {
  const problems = useMemo(() => problemsOfBoard(board), [board]);
  return problems.length === 0 ? null : (
    <ul role="alert" data-testid="unsupported">
      {problems.map((problem) => (
        <li key={problem}>{problem}</li>
      ))}
    </ul>
  );
}

function Heading({ board, snapshot }: { board: Board; snapshot: Snapshot | undefined }) {
  const styles = useStyles2(getStyles);
  return (
    <div className={styles.heading}>
      <h1>{board.title}</h1>
      <BoardLinks board={board} snapshot={snapshot} />
      {board.description ? <p>{board.description}</p> : null}
    </div>
  );
}

function Body({ board, snapshot }: { board: Board; snapshot: Snapshot | undefined }) {
  const { search } = useLocation();
  const viewed = search.get('viewPanel');
  const panels = useMemo(() => panelsOf(board), [board]);
  const only = panels.find((panel) => String(panel.id) === viewed?.replace(/^panel-/, ''));
  const leave = useCallback(() => setSearch({ viewPanel: null }), []);
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      const field = event.target instanceof HTMLInputElement;
      // The key closes what lies over the panel first.
      const isCovered = document.querySelector('dialog[open], [role=dialog]') !== null;
      if (event.key === 'Escape' && only !== undefined && !field && !isCovered && !event.defaultPrevented) {
        leave();
      }
    };
    window.addEventListener('keydown', onKey);
    return () => window.removeEventListener('keydown', onKey);
  }, [only, leave]);
  const inspected = panels.find((panel) => String(panel.id) === search.get('inspect'));
  return (
    <OpenTrace>
      <Grid board={board} snapshot={snapshot} only={only} />
      {inspected && snapshot ? <Inspect panel={inspected} snapshot={snapshot} /> : null}
    </OpenTrace>
  );
}

export default function BoardPage() {
  const { uid = '' } = useParams();
  const { search } = useLocation();
  const { value, error } = useBoard(uid);
  const board = value?.board;
  const defaults = useMemo(
    () =>
      board && {
        from: board.time?.from ?? 'now-6h',
        to: board.time?.to ?? 'now',
        refresh: board.refresh ?? '',
      },
    [board],
  );
  const hasRange = useTimeDefaults(defaults);
  const [address, setAddress] = useState(() => dataAddress(search));
  useEffect(() => setAddress(dataAddress(search)), [search]);
  const snapshot = useSnapshot(hasRange ? value : undefined, address);
  useEffect(() => {
    document.title = board ? `${board.title} · Serene` : 'Serene';
  }, [board]);
  if (error) {
    return <p role="alert">The board cannot be shown: {error.message}</p>;
  }
  if (board === undefined) {
    return <p role="status">Loading…</p>;
  }
  return (
    <>
      <Heading board={board} snapshot={snapshot} />
      <VariableBar board={board} snapshot={snapshot} />
      <Problems board={board} />
      <Body board={board} snapshot={snapshot} />
    </>
  );
}

const getStyles = (theme: GrafanaTheme2) => ({
  heading: css({
    display: 'flex',
    flexWrap: 'wrap',
    gap: theme.spacing(0.5, 2),
    alignItems: 'center',
    marginBottom: theme.spacing(1),
    h1: { flex: 1, fontSize: theme.typography.h3.fontSize, margin: 0, whiteSpace: 'nowrap' },
    p: { flex: '0 0 100%', color: theme.colors.text.secondary, margin: 0 },
  }),
});
