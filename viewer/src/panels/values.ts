// The values of stat, gauge and bar gauge panels: one for each field, reduced to a number.
import {
  getFieldDisplayValues,
  type FieldDisplay,
  type GrafanaTheme2,
  type ReduceDataOptions,
} from '@grafana/data';

import type { PanelProps } from './props';
import { replaced } from './usePanelData';

export interface ReducedOptions {
  reduceOptions: ReduceDataOptions;
}

export const REDUCE_LAST: ReduceDataOptions = { values: false, calcs: ['lastNotNull'], fields: '' };

/** Reduces each field to its value, with text and colour. */
export function valuesOf(
  { panel, frames, timeZone, lookup }: PanelProps,
  { reduceOptions }: ReducedOptions,
  theme: GrafanaTheme2,
  sparkline: boolean,
): FieldDisplay[] {
  return getFieldDisplayValues({
    fieldConfig: panel.fieldConfig ?? { defaults: {}, overrides: [] },
    reduceOptions,
    replaceVariables: (text, scoped) => replaced(text, lookup, scoped),
    theme,
    data: frames,
    sparkline,
    timeZone,
  });
}
