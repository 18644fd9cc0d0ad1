// The spans of a trace on a common time axis. Only the rows in view are in the page, so a trace of
// thousands of spans scrolls as one of ten.
import { css } from '@emotion/css';
import type { GrafanaTheme2 } from '@grafana/data';
import { useStyles2, useTheme2 } from '@grafana/ui';
import { useCallback, useEffect, useId, useMemo, useRef } from 'react';

import { useWindow } from '../parts/useWindow';
import { coloursOf, subjectOf } from './colours';
import { Minimap } from './Minimap';
import type { Span, Trace } from './model';
import { formatMs, ticks } from './time';
import { useWaterfall } from './useWaterfall';
import { place, type TimeView } from './view';
import { WaterfallRow, NO_SEGMENTS, ROW_HEIGHT } from './WaterfallRow';
import { WaterfallTools } from './WaterfallTools';

const COLUMNS = 'minmax(180px, 36%) 1fr';
const MOST_TICKS = 6;

interface Props {
  trace: Trace;
  selected: string;
  onSelect(spanId: string): void;
  wanted: string;
  onWanted(text: string): void;
  showCritical: boolean;
  onShowCritical(shown: boolean): void;
}

export function Waterfall(props: Props) {
  const { trace, selected, onSelect, wanted, onWanted, showCritical, onShowCritical } = props;
  const styles = useStyles2(getStyles);
  const theme = useTheme2();
  const state = useWaterfall(trace, wanted, selected, onSelect);
  const { rows, view, nodes, critical, matches, matchSet, toggle, open } = state;
  const colours = useMemo(() => coloursOf(trace, theme), [trace, theme]);
  const colourOf = useCallback((span: Span) => colours.get(subjectOf(span).name) ?? '', [colours]);
  const frame = useRef<HTMLDivElement>(null);
  const { first, end, reveal } = useWindow(frame, rows.length, ROW_HEIGHT);
  const id = useId();
  const index = rows.findIndex(({ node }) => node.span.spanId === selected);
  useEffect(() => {
    if (index >= 0) {
      reveal(index);
    }
  }, [index, reveal]);
  useEffect(() => {
    if (selected !== '') {
      open(selected);
    }
  }, [selected, open]);
  const select = useCallback((span: Span) => onSelect(span.spanId), [onSelect]);
  return (
    <section className={styles.waterfall} aria-label="Waterfall of the spans">
      <WaterfallTools
        {...{ wanted, onWanted, matches, selected, onSelect, showCritical, onShowCritical }}
        colours={colours}
        onExpand={state.expandAll}
        onCollapse={state.collapseAll}
        spans={trace.spans.length}
      />
      <div className={styles.head} style={{ gridTemplateColumns: COLUMNS }}>
        <span className={styles.title}>Span</span>
        <Minimap trace={trace} nodes={nodes} view={view} colourOf={colourOf} onView={state.setView} />
        <span className={styles.zoom}>
          {view.toMs - view.fromMs < trace.durationMs
            ? `${formatMs(view.fromMs)} to ${formatMs(view.toMs)}`
            : ''}
        </span>
        <Axis view={view} />
      </div>
      <div
        ref={frame}
        className={styles.frame}
        role="treegrid"
        tabIndex={0}
        aria-label="Spans"
        aria-rowcount={rows.length}
        aria-activedescendant={index >= first && index < end ? `${id}-${index}` : undefined}
        onKeyDown={state.onKeyDown}
      >
        <div role="rowgroup" className={styles.rows} style={{ height: rows.length * ROW_HEIGHT }}>
          {rows.slice(first, end).map((row, offset) => {
            const { span } = row.node;
            return (
              <WaterfallRow
                key={span.spanId}
                row={row}
                index={first + offset}
                id={`${id}-${first + offset}`}
                view={view}
                colour={colourOf(span)}
                subject={subjectOf(span).name}
                critical={showCritical ? (critical.get(span.spanId) ?? NO_SEGMENTS) : NO_SEGMENTS}
                selected={span.spanId === selected}
                matched={matchSet.has(span.spanId)}
                dimmed={matches.length > 0 && !matchSet.has(span.spanId)}
                columns={COLUMNS}
                onSelect={select}
                onToggle={toggle}
              />
            );
          })}
        </div>
      </div>
    </section>
  );
}

function Axis({ view }: { view: TimeView }) {
  const styles = useStyles2(getStyles);
  return (
    <div className={styles.axis} aria-hidden>
      {ticks(view.fromMs, view.toMs, MOST_TICKS).map((ms) => {
        const at = place(view, ms);
        return (
          <span
            key={ms}
            className={styles.tick}
            style={{
              left: `${at * 100}%`,
              transform: `translateX(${at < 0.04 ? '0' : at > 0.96 ? '-100%' : '-50%'})`,
            }}
          >
            {formatMs(ms)}
          </span>
        );
      })}
    </div>
  );
}

const getStyles = (theme: GrafanaTheme2) => ({
  waterfall: css({
    display: 'flex',
    flexDirection: 'column',
    minHeight: 0,
    minWidth: 0,
    flex: 1,
    background: theme.colors.background.primary,
  }),
  head: css({
    display: 'grid',
    // The rows below leave room for their scroll bar.
    scrollbarGutter: 'stable',
    overflow: 'hidden',
    borderBottom: `1px solid ${theme.colors.border.medium}`,
  }),
  title: css({
    alignSelf: 'end',
    padding: theme.spacing(0.5, 1),
    fontSize: 12,
    color: theme.colors.text.secondary,
  }),
  zoom: css({
    padding: theme.spacing(0.25, 1),
    fontSize: 11,
    color: theme.colors.text.secondary,
    fontVariantNumeric: 'tabular-nums',
  }),
  axis: css({ position: 'relative', height: 20 }),
  tick: css({
    position: 'absolute',
    fontSize: 11,
    lineHeight: '20px',
    color: theme.colors.text.secondary,
    fontVariantNumeric: 'tabular-nums',
    whiteSpace: 'nowrap',
  }),
  frame: css({
    flex: 1,
    minHeight: 120,
    overflowY: 'auto',
    overflowX: 'hidden',
    scrollbarGutter: 'stable',
    '&:focus-visible': { outline: `2px solid ${theme.colors.primary.main}`, outlineOffset: -2 },
  }),
  rows: css({ position: 'relative' }),
});
