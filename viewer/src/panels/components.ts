// How each type of panel is drawn.
import type { ComponentType } from 'react';

import { AlertListPanel } from './AlertListPanel';
import { BarGaugePanel } from './BarGaugePanel';
import { GaugePanel } from './GaugePanel';
import { HeatmapPanel } from './HeatmapPanel';
import { LogsPanel } from './LogsPanel';
import type { PanelKind } from './option-rules';
import type { PanelProps } from './props';
import { StatPanel } from './StatPanel';
import { StateTimelinePanel } from './StateTimelinePanel';
import { TablePanel } from './TablePanel';
import { TextPanel } from './TextPanel';
import { TimeSeriesPanel } from './TimeSeriesPanel';

const COMPONENTS: Readonly<Record<PanelKind, ComponentType<PanelProps>>> = {
  alertlist: AlertListPanel,
  bargauge: BarGaugePanel,
  gauge: GaugePanel,
  heatmap: HeatmapPanel,
  logs: LogsPanel,
  stat: StatPanel,
  'state-timeline': StateTimelinePanel,
  table: TablePanel,
  text: TextPanel,
  timeseries: TimeSeriesPanel,
};

/** The component of a type of panel; undefined for one that the viewer does not draw. */
export const componentOf = (type: string): ComponentType<PanelProps> | undefined =>
  Object.hasOwn(COMPONENTS, type) ? COMPONENTS[type as PanelKind] : undefined;
