// Time series, drawn by Grafana's own component, with tooltip, zoom, annotations and dots.
import { FieldType, type DataFrame } from '@grafana/data';
import { DashboardCursorSync, LegendDisplayMode, SortOrder, TooltipDisplayMode } from '@grafana/schema';
import { TimeSeries, TooltipPlugin2, type VizLegendOptions } from '@grafana/ui';
import { useMemo } from 'react';

import { useTimeRange } from '../shell/time';
import { dateTime } from '@grafana/data';
import { Message } from './Message';
import { formatOf, Overlay } from './Overlay';
import { optionsOf, type PanelProps } from './props';
import { HOVER_ALL, HOVER_ONE, SeriesTooltip } from './SeriesTooltip';

const LEGEND: VizLegendOptions = {
  showLegend: true,
  displayMode: LegendDisplayMode.List,
  placement: 'bottom',
  calcs: [],
};

const DEFAULTS = {
  legend: LEGEND,
  tooltip: { mode: TooltipDisplayMode.Single, sort: SortOrder.None, hideZeros: false },
};

/** Frames that can be drawn: numbers that are none leave a gap. */
export function drawable(frames: readonly DataFrame[]): DataFrame[] {
  return frames
    .filter((frame) => frame.length > 0 && frame.fields.some((one) => one.type === FieldType.number))
    .map((frame) => ({
      ...frame,
      fields: frame.fields.map((one) =>
        one.type === FieldType.number
          ? { ...one, values: one.values.map((value) => (Number.isFinite(value) ? value : null)) }
          : one,
      ),
    }));
}

const hasNumber = (frames: readonly DataFrame[]): boolean =>
  frames.some((frame) =>
    frame.fields.some(
      (one) => one.type === FieldType.number && one.values.some((value) => value !== null),
    ),
  );

export function TimeSeriesPanel(props: PanelProps) {
  const { panel, frames, range, timeZone, width, height, exemplars, notes } = props;
  const { setRange } = useTimeRange();
  const options = optionsOf(panel, DEFAULTS);
  const legend = { ...LEGEND, ...options.legend };
  const tooltip = { ...DEFAULTS.tooltip, ...options.tooltip };
  const shown = useMemo(() => drawable(frames), [frames]);
  if (!hasNumber(shown)) {
    return <Message text={panel.fieldConfig?.defaults.noValue ?? 'No data'} />;
  }
  const zoom = ({ from, to }: { from: number; to: number }) =>
    setRange({ from: dateTime(from), to: dateTime(to) });
  return (
    <TimeSeries
      frames={shown}
      width={width}
      height={height}
      timeRange={range}
      timeZone={timeZone}
      legend={legend}
      options={panel.options ?? {}}
    >
      {(config, aligned) => (
        <>
          {tooltip.mode === TooltipDisplayMode.None ? null : (
            <TooltipPlugin2
              config={config}
              hoverMode={tooltip.mode === TooltipDisplayMode.Single ? HOVER_ONE : HOVER_ALL}
              queryZoom={zoom}
              clientZoom
              syncMode={DashboardCursorSync.Crosshair}
              syncScope="board"
              getDataLinks={(series, index) =>
                aligned.fields[series]?.getLinks?.({ valueRowIndex: index }) ?? []
              }
              render={(_, indices, series, isPinned, _dismiss, _time, _sync, links) => (
                <SeriesTooltip
                  frame={aligned}
                  indices={indices}
                  series={series}
                  tooltip={tooltip}
                  isPinned={isPinned}
                  links={links}
                />
              )}
            />
          )}
          <Overlay config={config} exemplars={exemplars} notes={notes} format={formatOf(aligned)} />
        </>
      )}
    </TimeSeries>
  );
}
