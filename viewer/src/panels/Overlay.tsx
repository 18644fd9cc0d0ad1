// What lies over a time series: annotations as lines and spans, exemplars as dots that open traces.
import { css } from '@emotion/css';
import {
  dateTimeFormat,
  formattedValueToString,
  type DataFrame,
  type GrafanaTheme2,
} from '@grafana/data';
import { useStyles2, useTheme2, type UPlotConfigBuilder } from '@grafana/ui';
import { useLayoutEffect, useState, type KeyboardEvent } from 'react';
import { createPortal } from 'react-dom';
import type uPlot from 'uplot';

import type { Note } from '../boards/annotations';
import { useOpenTrace } from '../boards/OpenTrace';
import type { ExemplarPoint } from '../data-sources/frames';

interface Props {
  config: UPlotConfigBuilder;
  exemplars: readonly ExemplarPoint[];
  notes: readonly Note[];
  /** Writes the value of an exemplar. */
  format(value: number): string;
  /** Where a value lies on the axis; itself where the axis has no buckets. */
  place?(value: number): number;
}

const itself = (value: number): number => value;

/** Writes values as the first series does. */
export const formatOf =
  (aligned: DataFrame) =>
  (value: number): string => {
    const display = aligned.fields[1]?.display;
    return display ? formattedValueToString(display(value)) : String(value);
  };

/** The plot, and a number that changes each time it is drawn. */
function usePlot(config: UPlotConfigBuilder) {
  const [drawn, setDrawn] = useState<{ plot: uPlot; count: number }>();
  useLayoutEffect(() => {
    let isMounted = true;
    // In a microtask: the plot is drawn while React commits.
    const again = (plot: uPlot) =>
      queueMicrotask(
        () => isMounted && setDrawn((last) => ({ plot, count: (last?.count ?? 0) + 1 })),
      );
    config.addHook('draw', again);
    config.addHook('destroy', () => queueMicrotask(() => isMounted && setDrawn(undefined)));
    return () => {
      isMounted = false;
    };
  }, [config]);
  return drawn?.plot;
}

export interface Dot {
  point: ExemplarPoint;
  left: number;
  top: number;
}

const CELL = 20;

/** The dots that are drawn: in a crowd, the one with the highest value of each cell. */
export function thinned(dots: readonly Dot[]): Dot[] {
  const cells = new Map<string, Dot>();
  for (const dot of dots) {
    const cell = `${Math.round(dot.left / CELL)}:${Math.round(dot.top / CELL)}`;
    const other = cells.get(cell);
    if (other === undefined || other.point.value < dot.point.value) {
      cells.set(cell, dot);
    }
  }
  return [...cells.values()].sort((a, b) => a.left - b.left);
}

function dotsOf(
  plot: uPlot,
  exemplars: readonly ExemplarPoint[],
  place: (value: number) => number,
): Dot[] {
  const key = plot.series[1]?.scale ?? '';
  const x = plot.scales['x'];
  const y = plot.scales[key];
  if (x?.min == null || x.max == null || y?.min == null || y.max == null) {
    return [];
  }
  const { min, max } = y;
  const seen = exemplars.filter(({ time }) => time >= x.min! && time <= x.max!);
  return thinned(
    seen.map((point) => ({
      point,
      left: plot.valToPos(point.time, 'x'),
      // Outside of the axis at its edge, as in Grafana.
      top: plot.valToPos(Math.min(Math.max(place(point.value), min), max), key),
    })),
  );
}

function moveFocus(event: KeyboardEvent<HTMLDivElement>): void {
  const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
  if (step !== undefined) {
    event.preventDefault();
    const dots = [...event.currentTarget.querySelectorAll('button')];
    const now = dots.indexOf(document.activeElement as HTMLButtonElement);
    dots[Math.min(Math.max(now + step, 0), dots.length - 1)]?.focus();
  }
}

function Dots({ dots, format }: { dots: readonly Dot[]; format: Props['format'] }) {
  const styles = useStyles2(getStyles);
  const open = useOpenTrace();
  return (
    <div role="group" aria-label="Exemplars" onKeyDown={moveFocus}>
      {dots.map(({ point, left, top }, index) => {
        const trace = point.labels['trace_id'];
        const time = dateTimeFormat(point.time, { format: 'HH:mm:ss' });
        const route = point.seriesLabels['http_route'] ?? '';
        const name = `Exemplar ${format(point.value)} at ${time} ${route}: open its trace`;
        return trace === undefined ? null : (
          <button
            key={`${trace}-${point.time}-${point.value}`}
            type="button"
            className={styles.dot}
            style={{ left, top }}
            tabIndex={index === 0 ? 0 : -1}
            aria-label={name}
            title={name}
            data-trace={trace}
            onClick={() => open(trace)}
          />
        );
      })}
    </div>
  );
}

function Notes({ plot, notes }: { plot: uPlot; notes: readonly Note[] }) {
  const styles = useStyles2(getStyles);
  const theme = useTheme2();
  const width = plot.over.clientWidth;
  const clamp = (left: number) => Math.min(Math.max(left, 0), width);
  return notes.map((note) => {
    const from = plot.valToPos(note.start, 'x');
    const to = plot.valToPos(note.end, 'x');
    if (to < 0 || from > width) {
      return null;
    }
    const colour = theme.visualization.getColorByName(note.colour);
    const left = clamp(from);
    const time = dateTimeFormat(note.start, { format: 'YYYY-MM-DD HH:mm:ss' });
    const text = [note.title || note.name, time, note.text, ...note.tags].filter(Boolean);
    return (
      <div
        key={`${note.name}-${note.start}-${note.title}-${note.text}`}
        className={styles.note}
        style={{ left, width: Math.max(clamp(to) - left, 0), borderColor: colour }}
        data-note={note.name}
      >
        <div className={styles.span} style={{ background: colour }} />
        <div className={styles.foot} style={{ background: colour }} title={text.join('\n')} />
      </div>
    );
  });
}

export function Overlay({ config, exemplars, notes, format, place = itself }: Props) {
  const plot = usePlot(config);
  if (plot === undefined || (exemplars.length === 0 && notes.length === 0)) {
    return null;
  }
  return createPortal(
    <>
      <Notes plot={plot} notes={notes} />
      {exemplars.length > 0 ? (
        <Dots dots={dotsOf(plot, exemplars, place)} format={format} />
      ) : null}
    </>,
    plot.over,
  );
}

const getStyles = (theme: GrafanaTheme2) => ({
  dot: css({
    position: 'absolute',
    width: 9,
    height: 9,
    margin: '-4.5px 0 0 -4.5px',
    padding: 0,
    transform: 'rotate(45deg)',
    border: `1px solid ${theme.colors.background.primary}`,
    background: theme.visualization.getColorByName('blue'),
    opacity: 0.85,
    cursor: 'pointer',
    '&:hover, &:focus-visible': { opacity: 1, outline: `2px solid ${theme.colors.text.primary}` },
  }),
  note: css({
    position: 'absolute',
    top: 0,
    bottom: 0,
    borderLeft: '1px dashed',
    pointerEvents: 'none',
  }),
  span: css({ position: 'absolute', inset: 0, opacity: 0.06 }),
  foot: css({
    position: 'absolute',
    bottom: -3,
    left: -4,
    minWidth: 7,
    right: 0,
    height: 4,
    borderRadius: 2,
    pointerEvents: 'auto',
  }),
});
