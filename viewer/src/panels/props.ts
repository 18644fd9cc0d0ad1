// What every panel is drawn from.
import type { DataFrame, TimeRange } from '@grafana/data';

import type { Note } from '../boards/annotations';
import type { Lookup } from '../boards/interpolate';
import type { Panel } from '../boards/model';
import type { ExemplarPoint } from '../data-sources/frames';

export interface PanelProps {
  panel: Panel;
  /** With transformations and field options applied. */
  frames: DataFrame[];
  exemplars: readonly ExemplarPoint[];
  notes: readonly Note[];
  range: TimeRange;
  timeZone: string;
  /** Pixels of the inside of the panel's frame. */
  width: number;
  height: number;
  lookup: Lookup;
}

/** The options of a panel, with those of Grafana where it sets none. */
export function optionsOf<T extends object>(panel: Panel, defaults: T): T {
  return { ...defaults, ...(panel.options as Partial<T> | undefined) };
}
