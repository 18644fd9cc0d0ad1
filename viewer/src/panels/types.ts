// The panel types: how each is drawn, and which of its options are.
import type { ComponentType } from 'react';

import type { Rules } from '../boards/rules';
import { AlertListPanel } from './AlertListPanel';
import { BarGaugePanel } from './BarGaugePanel';
import { GaugePanel } from './GaugePanel';
import { HeatmapPanel } from './HeatmapPanel';
import { LogsPanel } from './LogsPanel';
import * as rules from './option-rules';
import type { PanelProps } from './props';
import { StatPanel } from './StatPanel';
import { StateTimelinePanel } from './StateTimelinePanel';
import { TablePanel } from './TablePanel';
import { TextPanel } from './TextPanel';
import { TimeSeriesPanel } from './TimeSeriesPanel';

export interface PanelType {
  component: ComponentType<PanelProps>;
  /** Of `options`. */
  options: Rules;
  /** Of `fieldConfig.defaults.custom`, and of overrides with `custom.`. */
  custom: Rules;
}

export const PANEL_TYPES: Readonly<Record<string, PanelType | undefined>> = {
  alertlist: { component: AlertListPanel, options: rules.ALERT_LIST, custom: {} },
  bargauge: { component: BarGaugePanel, options: rules.BAR_GAUGE, custom: {} },
  gauge: { component: GaugePanel, options: rules.GAUGE, custom: {} },
  heatmap: { component: HeatmapPanel, options: rules.HEATMAP, custom: rules.HEATMAP_FIELD },
  logs: { component: LogsPanel, options: rules.LOGS, custom: {} },
  stat: { component: StatPanel, options: rules.STAT, custom: {} },
  'state-timeline': {
    component: StateTimelinePanel,
    options: rules.STATE_TIMELINE,
    custom: rules.STATE_TIMELINE_FIELD,
  },
  table: { component: TablePanel, options: rules.TABLE, custom: rules.TABLE_FIELD },
  text: { component: TextPanel, options: rules.TEXT, custom: {} },
  timeseries: {
    component: TimeSeriesPanel,
    options: rules.TIME_SERIES,
    custom: rules.TIME_SERIES_FIELD,
  },
};
