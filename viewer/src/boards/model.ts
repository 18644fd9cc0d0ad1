// The parts of a dashboard's JSON that the viewer reads, as Grafana writes them (schema version 42).
import type { DataTransformerConfig, FieldConfigSource } from '@grafana/data';

export interface SourceRef {
  type?: string;
  uid?: string;
}

export interface Target {
  refId: string;
  datasource?: SourceRef;
  hide?: boolean;
  /** Prometheus and Loki. */
  expr?: string;
  legendFormat?: string;
  format?: string;
  instant?: boolean;
  range?: boolean;
  exemplar?: boolean;
  interval?: string;
  /** Loki, Tempo. */
  queryType?: string;
  maxLines?: number;
  query?: string;
  limit?: number;
  tableType?: string;
  [option: string]: unknown;
}

export interface PanelLink {
  title: string;
  url?: string;
  type?: string;
  targetBlank?: boolean;
  keepTime?: boolean;
  includeVars?: boolean;
  tags?: string[];
  asDropdown?: boolean;
  tooltip?: string;
  icon?: string;
}

export interface GridPosition {
  x: number;
  y: number;
  w: number;
  h: number;
}

export interface Panel {
  id: number;
  type: string;
  title?: string;
  description?: string;
  gridPos: GridPosition;
  datasource?: SourceRef;
  targets?: Target[];
  options?: Record<string, unknown>;
  fieldConfig?: FieldConfigSource;
  transformations?: DataTransformerConfig[];
  transparent?: boolean;
  maxDataPoints?: number;
  interval?: string;
  links?: PanelLink[];
  collapsed?: boolean;
  panels?: Panel[];
  timeFrom?: string;
  timeShift?: string;
  hideTimeOverride?: boolean;
  repeat?: string;
  [option: string]: unknown;
}

export interface VariableModel {
  name: string;
  type: string;
  label?: string;
  description?: string;
  query?: string | { query?: string; refId?: string; [option: string]: unknown };
  datasource?: SourceRef;
  multi?: boolean;
  includeAll?: boolean;
  allValue?: string;
  regex?: string;
  sort?: number;
  hide?: number;
  current?: { value?: string | string[]; text?: string | string[] };
  options?: Array<{ value: string; text: string; selected?: boolean }>;
  auto?: boolean;
  auto_count?: number;
  auto_min?: string;
  [option: string]: unknown;
}

export interface AnnotationModel {
  name: string;
  enable?: boolean;
  hide?: boolean;
  iconColor?: string;
  datasource?: SourceRef;
  expr?: string;
  step?: string;
  titleFormat?: string;
  textFormat?: string;
  tagKeys?: string;
  useValueForTime?: boolean;
  builtIn?: number;
  type?: string;
  target?: Record<string, unknown>;
  filter?: { exclude?: boolean; ids?: number[] };
  [option: string]: unknown;
}

export interface Board {
  uid: string;
  title: string;
  description?: string;
  tags?: string[];
  time?: { from: string; to: string };
  refresh?: string;
  timezone?: string;
  graphTooltip?: number;
  panels: Panel[];
  links?: PanelLink[];
  templating?: { list?: VariableModel[] };
  annotations?: { list?: AnnotationModel[] };
  [option: string]: unknown;
}

/** Every panel of a board that is not the heading of a row, those of closed rows too. */
export function panelsOf(board: Board): Panel[] {
  return board.panels.flatMap((panel) =>
    panel.type === 'row' ? (panel.panels ?? []) : [panel],
  );
}
