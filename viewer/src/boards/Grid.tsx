// The panels of a board in their grid, under rows that open and close.
import { css } from '@emotion/css';
import type { GrafanaTheme2 } from '@grafana/data';
import { Icon, useStyles2 } from '@grafana/ui';
import { useCallback, useMemo } from 'react';

import { PanelFrame } from '../panels/PanelFrame';
import { setSearch, useLocation } from '../shell/router';
import { interpolate } from './interpolate';
import { place, COLUMNS } from './layout';
import type { Snapshot } from './load';
import type { Board, Panel } from './model';
import { lookupOf } from './variables';

interface Props {
  board: Board;
  snapshot: Snapshot | undefined;
  /** The only panel that is shown, over the whole page. */
  only: Panel | undefined;
}

/** Which rows are closed: as the board says, but for those that the reader has turned. */
function useRows() {
  const { search } = useLocation();
  const turned = useMemo(() => new Set(search.getAll('turned-row')), [search]);
  const closed = useCallback(
    (row: Panel) => (row.collapsed === true) !== turned.has(String(row.id)),
    [turned],
  );
  const turn = useCallback(
    (row: Panel) => {
      const next = new Set(turned);
      if (!next.delete(String(row.id))) {
        next.add(String(row.id));
      }
      setSearch({ 'turned-row': [...next] }, { replace: true });
    },
    [turned],
  );
  return { closed, turn };
}

export function Grid({ board, snapshot, only }: Props) {
  const styles = useStyles2(getStyles);
  const { closed, turn } = useRows();
  const placed = useMemo(() => place(board.panels, closed), [board, closed]);
  if (only !== undefined) {
    return (
      <div className={styles.only}>
        <PanelFrame panel={only} snapshot={snapshot} isViewed />
      </div>
    );
  }
  const lookup = snapshot && lookupOf(snapshot.variables, snapshot.range);
  return (
    <div className={styles.grid}>
      {placed.map(({ panel, x, y, w, h }) => (
        <div
          key={panel.id}
          className={styles.cell}
          style={{ gridColumn: `${x + 1} / span ${w}`, gridRow: `${y + 1} / span ${h}` }}
        >
          {panel.type === 'row' ? (
            <h2 className={styles.row}>
              <button type="button" aria-expanded={!closed(panel)} onClick={() => turn(panel)}>
                <Icon name={closed(panel) ? 'angle-right' : 'angle-down'} />
                {lookup ? interpolate(panel.title ?? '', lookup) : panel.title}
              </button>
            </h2>
          ) : (
            <PanelFrame panel={panel} snapshot={snapshot} isViewed={false} />
          )}
        </div>
      ))}
    </div>
  );
}

const NARROW = '@media (max-width: 768px)';

const getStyles = (theme: GrafanaTheme2) => ({
  // A unit of the grid is 30 pixels high, and 8 lie between two, as in Grafana.
  grid: css({
    display: 'grid',
    gridTemplateColumns: `repeat(${COLUMNS}, minmax(0, 1fr))`,
    gridAutoRows: 30,
    gap: 8,
    [NARROW]: { display: 'block' },
  }),
  cell: css({ minWidth: 0, minHeight: 0, [NARROW]: { marginBottom: 8, minHeight: 200 } }),
  only: css({ height: 'calc(100vh - 190px)', minHeight: 300 }),
  row: css({
    margin: 0,
    fontSize: theme.typography.h5.fontSize,
    lineHeight: '30px',
    button: {
      display: 'flex',
      alignItems: 'center',
      gap: theme.spacing(0.5),
      width: '100%',
      padding: 0,
      border: 0,
      background: 'none',
      color: theme.colors.text.primary,
      textAlign: 'left',
      whiteSpace: 'nowrap',
      overflow: 'hidden',
      textOverflow: 'ellipsis',
    },
  }),
});
