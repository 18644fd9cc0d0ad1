// State timeline: one row a series, one bar for each stretch with the same state.
import {
  dateTime,
  dateTimeFormat,
  FieldType,
  formattedValueToString,
  getFieldDisplayName,
  type DataFrame,
  type DisplayValue,
  type GrafanaTheme2,
  type TimeRange,
} from '@grafana/data';
import { AxisPlacement, ScaleDirection, ScaleOrientation } from '@grafana/schema';
import {
  TooltipPlugin2,
  UPlotChart,
  UPlotConfigBuilder,
  useTheme2,
  VizLayout,
  VizTooltipContent,
  VizTooltipHeader,
  VizTooltipWrapper,
} from '@grafana/ui';
import { useMemo, useRef } from 'react';
import type uPlot from 'uplot';

import { useTimeRange } from '../shell/time';
import { Message } from './Message';
import { StateLegend } from './StateLegend';
import { Overlay } from './Overlay';
import { optionsOf, type PanelProps } from './props';
import { HOVER_CELL } from './SeriesTooltip';

const DEFAULTS = {
  mergeValues: true,
  rowHeight: 0.9,
  showValue: 'auto',
  alignValue: 'left',
  perPage: 20,
  legend: { showLegend: true, placement: 'bottom' as const },
};

type Options = typeof DEFAULTS;

export interface Stretch {
  start: number;
  end: number;
  display: DisplayValue;
}

export interface Row {
  name: string;
  stretches: Stretch[];
}

/** The rows of the timeline; a gap of more than a step and a half ends a stretch. */
export function rowsOf(frames: readonly DataFrame[], merge: boolean): Row[] {
  return frames.flatMap((frame) => {
    const time = frame.fields.find((field) => field.type === FieldType.time);
    const step = time?.config.interval ?? 60_000;
    return frame.fields
      .filter((field) => field.type !== FieldType.time && field.config.custom?.hideFrom?.viz !== true)
      .map((field) => {
        const stretches: Stretch[] = [];
        for (const [index, value] of field.values.entries()) {
          const start = Number(time?.values[index]);
          const display = field.display!(value);
          const last = stretches.at(-1);
          const goes = last !== undefined && start - last.end <= step / 2;
          if (value === null) {
            continue;
          }
          if (merge && goes && last.display.text === display.text) {
            last.end = start + step;
          } else {
            stretches.push({ start, end: start + step, display });
          }
        }
        return { name: getFieldDisplayName(field, frame, [...frames]), stretches };
      });
  });
}

const opaque = (theme: GrafanaTheme2, colour: string | undefined): string =>
  theme.visualization.getColorByName(colour ?? 'gray');

function drawRow(plot: uPlot, row: Row, index: number, options: Options, theme: GrafanaTheme2, fill: number) {
  const { ctx } = plot;
  const middle = plot.valToPos(index + 0.5, 'y', true);
  const height = Math.abs(plot.valToPos(1, 'y', true) - plot.valToPos(0, 'y', true)) * options.rowHeight;
  const size = 12 * devicePixelRatio;
  ctx.font = `${size}px ${theme.typography.fontFamily}`;
  ctx.textBaseline = 'middle';
  ctx.textAlign = options.alignValue as CanvasTextAlign;
  for (const { start, end, display } of row.stretches) {
    const left = Math.max(plot.valToPos(start, 'x', true), plot.bbox.left);
    const right = Math.min(plot.valToPos(end, 'x', true), plot.bbox.left + plot.bbox.width);
    if (right <= left) {
      continue;
    }
    const colour = opaque(theme, display.color);
    ctx.globalAlpha = fill;
    ctx.fillStyle = colour;
    ctx.fillRect(left, middle - height / 2, right - left, height);
    ctx.globalAlpha = 1;
    const text = formattedValueToString(display);
    const fits = ctx.measureText(text).width + size < right - left && height > size;
    if (options.showValue === 'always' || (options.showValue === 'auto' && fits)) {
      const inset = { left: left + size / 2, center: (left + right) / 2, right: right - size / 2 };
      ctx.fillStyle = fill > 0.5 ? theme.colors.getContrastText(colour, 4.5) : theme.colors.text.primary;
      ctx.fillText(text, inset[options.alignValue as keyof typeof inset], middle);
    }
  }
}

interface Config {
  rows: Row[];
  options: Options;
  theme: GrafanaTheme2;
  fill: number;
  range(): TimeRange;
  timeZone: string;
}

function configure({ rows, options, theme, fill, range, timeZone }: Config): UPlotConfigBuilder {
  const config = new UPlotConfigBuilder(timeZone);
  config.addScale({
    scaleKey: 'x',
    isTime: true,
    orientation: ScaleOrientation.Horizontal,
    direction: ScaleDirection.Right,
    range: () => [range().from.valueOf(), range().to.valueOf()],
  });
  config.addScale({
    scaleKey: 'y',
    orientation: ScaleOrientation.Vertical,
    direction: ScaleDirection.Down,
    range: () => [0, rows.length],
  });
  config.addAxis({ scaleKey: 'x', isTime: true, placement: AxisPlacement.Bottom, theme, timeZone });
  config.addAxis({
    scaleKey: 'y',
    placement: AxisPlacement.Left,
    theme,
    splits: rows.map((_, index) => index + 0.5),
    values: (_, splits) => splits.map((split) => rows[Math.floor(split)]?.name ?? ''),
    grid: { show: false },
    ticks: { show: false },
  });
  config.addSeries({ scaleKey: 'y', theme, pathBuilder: () => null, pointsBuilder: () => false } as never);
  config.addHook('drawClear', (plot) => {
    plot.ctx.save();
    rows.forEach((row, index) => drawRow(plot, row, index, options, theme, fill));
    plot.ctx.restore();
  });
  config.setCursor({ drag: { x: true, y: false, setScale: false }, sync: { key: 'board' }, points: { show: false } });
  return config;
}

/** Each state that is shown, once. */
function legendOf(rows: readonly Row[], theme: GrafanaTheme2) {
  const states = new Map(
    rows.flatMap((row) => row.stretches.map(({ display }) => [display.text, display] as const)),
  );
  return [...states.values()].map((display) => ({
    label: formattedValueToString(display),
    colour: opaque(theme, display.color),
  }));
}

export function StateTimelinePanel(props: PanelProps) {
  const { panel, frames, range, timeZone, width, height, notes } = props;
  const theme = useTheme2();
  const { setRange } = useTimeRange();
  const options = optionsOf(panel, DEFAULTS);
  const latest = useRef(range);
  latest.current = range;
  const made = useMemo(() => {
    const rows = rowsOf(frames, options.mergeValues).slice(0, options.perPage);
    const custom = panel.fieldConfig?.defaults.custom as { fillOpacity?: number } | undefined;
    const fill = (custom?.fillOpacity ?? 70) / 100;
    const config = configure({ rows, options, theme, fill, range: () => latest.current, timeZone });
    const times = rows.flatMap((row) => row.stretches.map(({ start }) => start)).sort((a, b) => a - b);
    return { rows, config, times: [...new Set(times)] };
  }, [panel, frames, theme, timeZone]);
  const { rows, config, times } = made;
  if (times.length === 0) {
    return <Message text={panel.fieldConfig?.defaults.noValue ?? 'No data'} />;
  }
  const legend = options.legend.showLegend ? (
    <VizLayout.Legend placement={options.legend.placement}>
      <StateLegend states={legendOf(rows, theme)} />
    </VizLayout.Legend>
  ) : null;
  return (
    <VizLayout width={width} height={height} legend={legend}>
      {(plotWidth, plotHeight) => (
        <UPlotChart
          config={config}
          data={[times, times.map(() => null)]}
          width={plotWidth}
          height={plotHeight}
        >
          <TooltipPlugin2
            config={config}
            hoverMode={HOVER_CELL}
            queryZoom={({ from, to }) => setRange({ from: dateTime(from), to: dateTime(to) })}
            clientZoom
            render={(plot) => <StretchTooltip plot={plot} rows={rows} />}
          />
          <Overlay config={config} exemplars={[]} notes={notes} format={String} />
        </UPlotChart>
      )}
    </VizLayout>
  );
}

function StretchTooltip({ plot, rows }: { plot: uPlot; rows: readonly Row[] }) {
  const { left = -1, top = -1 } = plot.cursor;
  const row = rows[Math.floor(plot.posToVal(top, 'y'))];
  const time = plot.posToVal(left, 'x');
  const found = row?.stretches.find(({ start, end }) => time >= start && time < end);
  const format = (value: number) => dateTimeFormat(value, { format: 'HH:mm:ss' });
  const when = found ? `${format(found.start)} to ${format(found.end)}` : format(time);
  const value = found ? formattedValueToString(found.display) : 'nothing known';
  return (
    <VizTooltipWrapper>
      <VizTooltipHeader item={{ label: '', value: when }} isPinned={false} />
      <VizTooltipContent items={[{ label: row?.name ?? '', value, color: found?.display.color }]} isPinned={false} />
    </VizTooltipWrapper>
  );
}
