// Heatmap: what fell into each bucket over time, the more the stronger the colour.
import { FieldType, formattedValueToString, getValueFormat, type DataFrame } from '@grafana/data';
import {
  AxisPlacement,
  ScaleDirection,
  ScaleOrientation,
} from '@grafana/schema';
import {
  TooltipPlugin2,
  UPlotChart,
  UPlotConfigBuilder,
  useTheme2,
  VizTooltipContent,
  VizTooltipHeader,
  VizTooltipWrapper,
} from '@grafana/ui';
import { dateTime, dateTimeFormat, type GrafanaTheme2, type TimeRange } from '@grafana/data';
import { useMemo, useRef } from 'react';
import type uPlot from 'uplot';

import { toNumber } from '../data-sources/frames';
import { useTimeRange } from '../shell/time';
import { ColourScale } from './ColourScale';
import { paletteOf, shadeOf } from './heat-colours';
import { Message } from './Message';
import { Overlay } from './Overlay';
import { optionsOf, type PanelProps } from './props';
import { HOVER_CELL } from './SeriesTooltip';

export interface HeatOptions {
  cellGap: number;
  color: { scheme: string; exponent: number; reverse: boolean; steps: number; min?: number; max?: number };
  filterValues: { le?: number; ge?: number };
  legend: { show: boolean };
  yAxis: { unit?: string; decimals?: number; axisWidth?: number };
}

const DEFAULTS: HeatOptions = {
  cellGap: 1,
  color: { scheme: 'Oranges', exponent: 0.5, reverse: false, steps: 64 },
  filterValues: { le: 1e-9 },
  legend: { show: true },
  yAxis: {},
};

export interface Heat {
  times: number[];
  /** Milliseconds of a column. */
  step: number;
  /** Upper bounds of the buckets, lowest first. */
  bounds: number[];
  /** By bucket and time; null for cells that are left out. */
  counts: Array<Array<number | null>>;
  least: number;
  most: number;
}

/** The cells of a heatmap; those that the options filter are null. */
export function heatOf(frame: DataFrame, options: HeatOptions): Heat {
  const [time, ...rest] = frame.fields;
  const buckets = rest.filter((field) => field.type === FieldType.number);
  const { le = -Infinity, ge = Infinity } = options.filterValues;
  const counts = buckets.map((field) =>
    field.values.map((count: number) => (count > le && count < ge ? count : null)),
  );
  const shown = counts.flat().filter((count): count is number => count !== null);
  const times = (time?.values ?? []) as number[];
  const spacing = times.length > 1 ? Math.min(...times.slice(1).map((one, i) => one - times[i]!)) : 60_000;
  return {
    times,
    step: time?.config.interval ?? spacing,
    bounds: buckets.map((field) => toNumber(field.labels?.['le'] ?? field.name)),
    counts,
    least: options.color.min ?? Math.min(...shown, Infinity),
    most: options.color.max ?? Math.max(...shown, -Infinity),
  };
}

function draw(plot: uPlot, heat: Heat, colours: string[], options: HeatOptions): void {
  const { ctx, bbox } = plot;
  const gap = (options.cellGap * devicePixelRatio) / 2;
  ctx.save();
  ctx.beginPath();
  ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
  ctx.clip();
  for (const [row, counts] of heat.counts.entries()) {
    const top = plot.valToPos(row + 1, 'y', true);
    const bottom = plot.valToPos(row, 'y', true);
    for (const [column, count] of counts.entries()) {
      if (count !== null) {
        const end = plot.valToPos(heat.times[column]!, 'x', true);
        const start = plot.valToPos(heat.times[column]! - heat.step, 'x', true);
        ctx.fillStyle = colours[shadeOf(count, heat, options)]!;
        const width = Math.max(end - start - 2 * gap, 1);
        ctx.fillRect(start + gap, top + gap, width, Math.max(bottom - top - 2 * gap, 1));
      }
    }
  }
  ctx.restore();
}

/** Names of the bounds, each at the top of its bucket. */
function boundNames(bounds: readonly number[], unit: string, decimals?: number): string[] {
  const format = getValueFormat(unit);
  return bounds.map((bound) =>
    bound === Infinity ? '∞' : formattedValueToString(format(bound, decimals)),
  );
}

interface Config {
  theme: GrafanaTheme2;
  heat: Heat;
  names: string[];
  colours: string[];
  options: HeatOptions;
  range(): TimeRange;
  timeZone: string;
}

function configure({ theme, heat, names, colours, options, range, timeZone }: Config): UPlotConfigBuilder {
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
    direction: ScaleDirection.Up,
    range: () => [0, heat.bounds.length],
  });
  config.addAxis({ scaleKey: 'x', isTime: true, placement: AxisPlacement.Bottom, theme, timeZone });
  config.addAxis({
    scaleKey: 'y',
    placement: AxisPlacement.Left,
    theme,
    size: options.yAxis.axisWidth ?? null,
    splits: (plot) => {
      const room = Math.max(1, Math.ceil((heat.bounds.length * 18) / Math.max(plot.bbox.height / devicePixelRatio, 1)));
      return names.map((_, index) => index + 1).filter((index) => (names.length - index) % room === 0);
    },
    values: (_, splits) => splits.map((split) => names[split - 1] ?? ''),
    grid: { show: false },
  });
  config.addSeries({ scaleKey: 'y', theme, pathBuilder: () => null, pointsBuilder: () => false } as never);
  config.addHook('drawClear', (plot) => draw(plot, heat, colours, options));
  config.setCursor({ drag: { x: true, y: false, setScale: false }, sync: { key: 'board' }, points: { show: false } });
  return config;
}

function useConfig(props: PanelProps, options: HeatOptions) {
  const { panel, frames, range, timeZone } = props;
  const theme = useTheme2();
  const latest = useRef(range);
  latest.current = range;
  return useMemo(() => {
    const frame = frames.find((one) => one.fields.length > 1);
    if (frame === undefined || frame.length === 0) {
      return undefined;
    }
    const heat = heatOf(frame, options);
    const unit = options.yAxis.unit ?? panel.fieldConfig?.defaults.unit ?? 'short';
    const names = boundNames(heat.bounds, unit, options.yAxis.decimals);
    const colours = paletteOf(options, theme);
    const config = configure({ theme, heat, names, colours, options, range: () => latest.current, timeZone });
    return { heat, names, colours, config, unit };
  }, [panel, frames, theme, timeZone]);
}

const LEGEND_HEIGHT = 30;

export function HeatmapPanel(props: PanelProps) {
  const { panel, width, height, exemplars, notes } = props;
  const { setRange } = useTimeRange();
  const options = optionsOf(panel, DEFAULTS);
  const made = useConfig(props, options);
  if (made === undefined || made.heat.most === -Infinity) {
    return <Message text={panel.fieldConfig?.defaults.noValue ?? 'No data'} />;
  }
  const { heat, names, colours, config, unit } = made;
  const legend = options.legend.show ? LEGEND_HEIGHT : 0;
  return (
    <>
      <UPlotChart
        config={config}
        data={[heat.times, heat.times.map(() => null)]}
        width={width}
        height={height - legend}
      >
        <TooltipPlugin2
          config={config}
          hoverMode={HOVER_CELL}
          queryZoom={({ from, to }) => setRange({ from: dateTime(from), to: dateTime(to) })}
          clientZoom
          render={(plot) => <CellTooltip plot={plot} heat={heat} names={names} />}
        />
        <Overlay
          config={config}
          exemplars={exemplars}
          notes={notes}
          format={(value) => formattedValueToString(getValueFormat(unit)(value))}
          place={(value) => positionOf(value, heat.bounds)}
        />
      </UPlotChart>
      {legend > 0 ? <ColourScale colours={colours} heat={heat} width={width} /> : null}
    </>
  );
}

/** Where a value lies among the buckets: within its own, by its share of it. */
export function positionOf(value: number, bounds: readonly number[]): number {
  const row = bounds.findIndex((bound) => value <= bound);
  if (row < 0) {
    return bounds.length;
  }
  const low = row === 0 ? 0 : bounds[row - 1]!;
  const high = bounds[row]!;
  return row + (Number.isFinite(high) && high > low ? (value - low) / (high - low) : 0.5);
}

function CellTooltip({ plot, heat, names }: { plot: uPlot; heat: Heat; names: string[] }) {
  const { left = -1, top = -1 } = plot.cursor;
  const row = Math.floor(plot.posToVal(top, 'y'));
  const time = plot.posToVal(left, 'x');
  const column = heat.times.findIndex((one) => time > one - heat.step && time <= one);
  const count = heat.counts[row]?.[column];
  const text = dateTimeFormat(heat.times[column] ?? time, { format: 'YYYY-MM-DD HH:mm:ss' });
  const bucket = `${row > 0 ? names[row - 1] : '0'} to ${names[row] ?? ''}`;
  const value = count === null || count === undefined ? 'none' : String(Number(count.toPrecision(3)));
  return (
    <VizTooltipWrapper>
      <VizTooltipHeader item={{ label: '', value: text }} isPinned={false} />
      <VizTooltipContent items={[{ label: bucket, value }]} isPinned={false} />
    </VizTooltipWrapper>
  );
}
