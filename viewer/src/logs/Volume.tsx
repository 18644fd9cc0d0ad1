// How many lines there were when, by level: dragging over it chooses the time range.
import { css } from '@emotion/css';
import { dateTime, dateTimeFormat, type GrafanaTheme2 } from '@grafana/data';
import { useStyles2, useTheme2 } from '@grafana/ui';
import { useState, type PointerEvent } from 'react';

import { useTimeRange } from '../shell/time';
import type { Level, Volume as Series } from './loki';

const HEIGHT = 64;
const LEAST_DRAG = 0.01;

export const LEVEL_COLOURS: Readonly<Record<Level, string>> = {
  CRITICAL: '#a352cc',
  ERROR: '#e02f44',
  WARNING: '#eab839',
  INFO: '#6ca64a',
  DEBUG: '#5794f2',
  UNKNOWN: '#8e8e8e',
};

interface Props {
  volume: readonly Series[];
  from: number;
  to: number;
  /** Milliseconds of a bar. */
  step: number;
}

export function Volume({ volume, from, to, step }: Props) {
  const styles = useStyles2(getStyles);
  const theme = useTheme2();
  const { setRange } = useTimeRange();
  const [drag, setDrag] = useState<{ from: number; to: number } | undefined>();
  const bars = stacked(volume);
  const most = Math.max(1, ...bars.map((bar) => bar.to));
  const total = (series: Series) => series.points.reduce((sum, [, count]) => sum + count, 0);
  const at = (event: PointerEvent) => {
    const box = event.currentTarget.getBoundingClientRect();
    return Math.min(1, Math.max(0, (event.clientX - box.left) / box.width));
  };
  const time = (fraction: number) => from + fraction * (to - from);
  return (
    <div className={styles.volume}>
      <svg
        className={styles.chart}
        viewBox={`0 0 1000 ${HEIGHT}`}
        preserveAspectRatio="none"
        role="img"
        aria-label={`Lines by level: ${volume.map((each) => `${each.level} ${total(each)}`).join(', ')}`}
        onPointerDown={(event) => {
          event.currentTarget.setPointerCapture(event.pointerId);
          setDrag({ from: at(event), to: at(event) });
        }}
        onPointerMove={(event) => drag && setDrag({ ...drag, to: at(event) })}
        onPointerUp={() => {
          if (drag && Math.abs(drag.to - drag.from) > LEAST_DRAG) {
            const [least, greatest] = [Math.min(drag.from, drag.to), Math.max(drag.from, drag.to)];
            setRange({ from: dateTime(Math.round(time(least))), to: dateTime(Math.round(time(greatest))) });
          }
          setDrag(undefined);
        }}
      >
        {bars.map((bar) => (
          <rect
            key={`${bar.level}-${bar.at}`}
            x={((bar.at - step - from) / (to - from)) * 1000}
            width={Math.max(1, (step / (to - from)) * 1000 - 0.8)}
            y={HEIGHT - (bar.to / most) * HEIGHT}
            height={((bar.to - bar.from) / most) * HEIGHT}
            fill={LEVEL_COLOURS[bar.level]}
          >
            <title>{`${bar.to - bar.from} ${bar.level} until ${dateTimeFormat(bar.at, { format: 'HH:mm:ss' })}`}</title>
          </rect>
        ))}
        {drag && (
          <rect
            x={Math.min(drag.from, drag.to) * 1000}
            width={Math.abs(drag.to - drag.from) * 1000}
            y={0}
            height={HEIGHT}
            fill={theme.colors.action.focus}
          />
        )}
      </svg>
      <ul className={styles.legend}>
        {volume.map((each) => (
          <li key={each.level}>
            <span className={styles.chip} style={{ background: LEVEL_COLOURS[each.level] }} />
            {each.level} {total(each).toLocaleString('en')}
          </li>
        ))}
        <li className={styles.most}>at most {most.toLocaleString('en')} lines a bar; drag to zoom</li>
      </ul>
    </div>
  );
}

interface StackedBar {
  at: number;
  level: Level;
  from: number;
  to: number;
}

function stacked(volume: readonly Series[]): StackedBar[] {
  const heights = new Map<number, number>();
  return volume.flatMap(({ level, points }) =>
    points.map(([at, count]) => {
      const from = heights.get(at) ?? 0;
      heights.set(at, from + count);
      return { at, level, from, to: from + count };
    }),
  );
}

const getStyles = (theme: GrafanaTheme2) => ({
  volume: css({
    padding: theme.spacing(1),
    background: theme.colors.background.primary,
    border: `1px solid ${theme.colors.border.weak}`,
    borderRadius: theme.shape.radius.default,
  }),
  chart: css({ display: 'block', width: '100%', height: HEIGHT, cursor: 'crosshair', touchAction: 'none' }),
  legend: css({
    display: 'flex',
    flexWrap: 'wrap',
    gap: theme.spacing(0, 2),
    margin: theme.spacing(0.5, 0, 0),
    padding: 0,
    listStyle: 'none',
    fontSize: 11,
    color: theme.colors.text.secondary,
    '& li': { display: 'flex', alignItems: 'center', gap: 4 },
  }),
  chip: css({ width: 9, height: 9, borderRadius: 2 }),
  most: css({ marginLeft: 'auto' }),
});
