// The options of each panel type that the viewer draws; see `boards/rules`.
import type { Rules } from '../boards/rules';

const LEGEND: Rules = {
  showLegend: true,
  displayMode: ['list', 'table', 'hidden'],
  placement: ['bottom', 'right'],
  calcs: true,
  width: true,
  sortBy: true,
  sortDesc: true,
};
const TOOLTIP: Rules = {
  mode: ['single', 'multi', 'none'],
  sort: ['none', 'asc', 'desc'],
  hideZeros: true,
  maxHeight: true,
  maxWidth: true,
};
const REDUCE: Rules = { values: [false], calcs: true, fields: [''], limit: true };
const HIDDEN: Rules = { legend: true, tooltip: true, viz: true };

export const TIME_SERIES: Rules = { legend: LEGEND, tooltip: TOOLTIP };
// Drawn by Grafana's own component.
export const TIME_SERIES_FIELD: Rules = {
  drawStyle: ['line', 'bars', 'points'],
  lineInterpolation: ['linear', 'smooth', 'stepBefore', 'stepAfter'],
  lineWidth: true,
  lineStyle: { fill: ['solid', 'dash', 'dot'], dash: true },
  fillOpacity: true,
  fillBelowTo: true,
  gradientMode: ['none', 'opacity', 'hue', 'scheme'],
  spanNulls: true,
  insertNulls: true,
  showPoints: ['never', 'auto', 'always'],
  showValues: [false],
  pointSize: true,
  stacking: { mode: ['none', 'normal', 'percent'], group: true },
  axisPlacement: ['auto', 'left', 'right', 'hidden'],
  axisLabel: true,
  axisColorMode: ['text', 'series'],
  axisBorderShow: true,
  axisCenteredZero: true,
  axisGridShow: true,
  axisSoftMin: true,
  axisSoftMax: true,
  axisWidth: true,
  barAlignment: true,
  barWidthFactor: true,
  barMaxWidth: true,
  scaleDistribution: { type: ['linear', 'log', 'symlog'], log: true, linearThreshold: true },
  hideFrom: HIDDEN,
  thresholdsStyle: { mode: ['off', 'line', 'dashed', 'area', 'line+area', 'dashed+area'] },
  transform: ['constant', 'negative-Y'],
};

export const STAT: Rules = {
  reduceOptions: REDUCE,
  colorMode: ['none', 'value', 'background', 'background_solid'],
  graphMode: ['none', 'area', 'line'],
  justifyMode: ['auto', 'center'],
  textMode: ['auto', 'value', 'value_and_name', 'name', 'none'],
  orientation: ['auto', 'horizontal', 'vertical'],
  wideLayout: true,
  showPercentChange: [false],
  percentChangeColorMode: ['standard'],
  text: { titleSize: true, valueSize: true },
};
export const GAUGE: Rules = {
  reduceOptions: REDUCE,
  showThresholdLabels: [false],
  showThresholdMarkers: true,
  orientation: ['auto', 'horizontal', 'vertical'],
  sizing: ['auto'],
  minVizWidth: true,
  minVizHeight: true,
};
export const BAR_GAUGE: Rules = {
  reduceOptions: REDUCE,
  displayMode: ['basic', 'lcd', 'gradient'],
  orientation: ['auto', 'horizontal', 'vertical'],
  valueMode: ['color', 'text', 'hidden'],
  namePlacement: ['auto', 'top', 'left', 'hidden'],
  showUnfilled: true,
  sizing: ['auto'],
  minVizWidth: true,
  minVizHeight: true,
  maxVizHeight: true,
  legend: { showLegend: [false], displayMode: true, placement: true, calcs: true },
  text: { titleSize: true, valueSize: true },
};

export const TABLE: Rules = {
  showHeader: true,
  cellHeight: ['sm', 'md', 'lg'],
  sortBy: { displayName: true, desc: true },
  frameIndex: [0],
  showTypeIcons: [false],
  footer: { show: [false], countRows: [false], reducer: true, fields: true, enablePagination: true },
  enablePagination: true,
};
// Drawn by Grafana's own component.
export const TABLE_FIELD: Rules = {
  align: ['auto', 'left', 'center', 'right'],
  width: true,
  minWidth: true,
  inspect: [false],
  filterable: true,
  hideFrom: { viz: true },
  wrapText: true,
  cellOptions: {
    type: ['auto', 'color-text', 'color-background', 'gauge', 'sparkline', 'data-links', 'pill'],
    mode: true,
    valueDisplayMode: true,
    applyToRow: true,
    wrapText: true,
  },
};

export const HEATMAP: Rules = {
  calculate: [false],
  cellGap: true,
  cellRadius: [0],
  color: {
    mode: ['scheme'],
    scheme: ['Oranges', 'Blues', 'Greens', 'Reds', 'Purples', 'Spectral', 'Turbo', 'Viridis'],
    exponent: true,
    fill: true,
    reverse: true,
    scale: ['exponential'],
    steps: true,
    min: true,
    max: true,
  },
  exemplars: { color: true },
  filterValues: { le: true, ge: true },
  legend: { show: true },
  rowsFrame: { layout: ['auto', 'le'], value: true },
  selectionMode: ['x', 'xy', 'y'],
  showValue: ['auto', 'never'],
  tooltip: { mode: ['single', 'none'], yHistogram: true, showColorScale: true, maxHeight: true },
  yAxis: {
    axisPlacement: ['left'],
    unit: true,
    decimals: true,
    reverse: [false],
    axisWidth: true,
    axisLabel: true,
  },
};
export const HEATMAP_FIELD: Rules = { hideFrom: HIDDEN, scaleDistribution: { type: ['linear'] } };

export const STATE_TIMELINE: Rules = {
  alignValue: ['left', 'center', 'right'],
  mergeValues: true,
  rowHeight: true,
  perPage: true,
  showValue: ['auto', 'always', 'never'],
  legend: LEGEND,
  tooltip: TOOLTIP,
};
export const STATE_TIMELINE_FIELD: Rules = {
  fillOpacity: true,
  lineWidth: true,
  hideFrom: HIDDEN,
  insertNulls: true,
  spanNulls: true,
};

export const TEXT: Rules = {
  mode: ['markdown', 'html'],
  content: true,
  code: { language: ['plaintext'], showLineNumbers: [false], showMiniMap: [false] },
};

export const LOGS: Rules = {
  showTime: true,
  showLabels: true,
  showCommonLabels: [false],
  wrapLogMessage: true,
  prettifyLogMessage: true,
  prettifyJSON: true,
  enableLogDetails: true,
  sortOrder: ['Descending', 'Ascending'],
  dedupStrategy: ['none'],
  showControls: [false],
  showLogContextToggle: [false],
  enableInfiniteScrolling: [false],
  displayedFields: true,
  fontSize: true,
  syntaxHighlighting: true,
  unwrappedColumns: [false],
  detailsMode: true,
  timestampResolution: true,
};

export const ALERT_LIST: Rules = {
  viewMode: ['list'],
  groupMode: ['default'],
  groupBy: [[]],
  maxItems: true,
  sortOrder: [1, 2, 3, 4, 5],
  dashboardAlerts: true,
  alertName: true,
  alertInstanceLabelFilter: true,
  datasource: true,
  folder: [null],
  showInstances: true,
  showInactiveAlerts: [false],
  stateFilter: { firing: true, pending: true, noData: true, normal: true, error: true, recovering: true },
};

export interface PanelRules {
  /** Of `options`. */
  options: Rules;
  /** Of `fieldConfig.defaults.custom`, and of overrides with `custom.`. */
  custom: Rules;
}

/** By type of panel; `components` has one for each. */
export const PANELS = {
  alertlist: { options: ALERT_LIST, custom: {} },
  bargauge: { options: BAR_GAUGE, custom: {} },
  gauge: { options: GAUGE, custom: {} },
  heatmap: { options: HEATMAP, custom: HEATMAP_FIELD },
  logs: { options: LOGS, custom: {} },
  stat: { options: STAT, custom: {} },
  'state-timeline': { options: STATE_TIMELINE, custom: STATE_TIMELINE_FIELD },
  table: { options: TABLE, custom: TABLE_FIELD },
  text: { options: TEXT, custom: {} },
  timeseries: { options: TIME_SERIES, custom: TIME_SERIES_FIELD },
} as const satisfies Record<string, PanelRules>;

export type PanelKind = keyof typeof PANELS;

/** The rules of a type of panel; undefined for one that the viewer does not draw. */
export const rulesOf = (type: string): PanelRules | undefined =>
  Object.hasOwn(PANELS, type) ? PANELS[type as PanelKind] : undefined;
