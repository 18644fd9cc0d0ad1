// What is wrong now on a board: its alerts that fire, and the values of its first row that are bad.
import {
  applyFieldOverrides,
  formattedValueToString,
  getFieldDisplayValues,
  type GrafanaTheme2,
  type TimeRange,
} from '@grafana/data';

import type { RuleAlert } from '../data-sources/alertmanager';
import { registryOf } from '../panels/field-config';
import { readPanel } from '../panels/read';
import { REDUCE_LAST } from '../panels/values';
import { sectionsOf } from './layout';
import type { Board, Panel } from './model';
import type { ViewerModel } from './sources';
import { resolve, type Variables } from './variables';

export type Severity = 'bad' | 'warn';

export interface Finding {
  key: string;
  severity: Severity;
  text: string;
  value: string;
  /** Of an alert, in place of a value. */
  summary?: string;
}

// Names of Grafana's colours, shades included; what is neither is not wrong.
const SEVERITIES: ReadonlyArray<[RegExp, Severity]> = [
  [/red$/, 'bad'],
  [/(orange|yellow)$/, 'warn'],
];

const severityOf = (colour: string): Severity | undefined =>
  SEVERITIES.find(([pattern]) => pattern.test(colour))?.[1];

const POINTS = 2;

/** The panels that answer whether it is bad: the stats of the first row. */
export function firstStats(board: Board): Panel[] {
  const [first] = sectionsOf(board.panels);
  return (first?.panels ?? []).filter((panel) => panel.type === 'stat');
}

interface Context {
  viewer: ViewerModel;
  range: TimeRange;
  theme: GrafanaTheme2;
  signal: AbortSignal;
}

/** Reads a stat's values at the end of the range alone. */
async function ofPanel(panel: Panel, variables: Variables, context: Context): Promise<Finding[]> {
  const { viewer, range, theme, signal } = context;
  const targets = (panel.targets ?? []).map((target) => ({ ...target, instant: true, range: false }));
  const read = await readPanel(
    { ...panel, targets },
    { variables, range, sources: viewer.dataSources, points: POINTS, signal },
  );
  const fieldConfig = panel.fieldConfig ?? { defaults: {}, overrides: [] };
  const shared = { fieldConfig, replaceVariables: (text: string) => text, theme };
  const data = applyFieldOverrides({ ...shared, data: read.frames, fieldConfigRegistry: registryOf({}) });
  const values = getFieldDisplayValues({ ...shared, data, reduceOptions: REDUCE_LAST, sparkline: false });
  return values.flatMap(({ display, field }) => {
    const steps = field.thresholds?.steps ?? [];
    const step = [...steps].reverse().find((one) => display.numeric >= (one.value ?? -Infinity));
    const isKnown = Number.isFinite(display.numeric) && display.text !== field.noValue;
    const severity = isKnown ? severityOf(step?.color ?? '') : undefined;
    const name = values.length > 1 ? `${panel.title ?? ''}, ${display.title ?? ''}` : (panel.title ?? '');
    const value = formattedValueToString(display);
    return severity ? [{ key: `${panel.id} ${display.title}`, severity, text: name, value }] : [];
  });
}

/** The alerts whose annotation names a board. */
export function alertsOf(board: Board, alerts: readonly RuleAlert[]): Finding[] {
  return alerts
    .filter(({ state, annotations }) => {
      const path = annotations['board']?.split('?')[0]?.replace(/\/$/, '');
      return state === 'firing' && path?.endsWith(`/d/${board.uid}`);
    })
    .map((alert) => ({
      key: JSON.stringify(alert.labels),
      severity: alert.labels['severity'] === 'page' ? 'bad' : 'warn',
      text: alert.labels['alertname'] ?? 'Alert',
      value: '',
      summary: alert.annotations['summary'] ?? '',
    }));
}

/** Reads what is wrong on a board; the worst first. */
export async function wrongOn(
  board: Board,
  alerts: readonly RuleAlert[],
  context: Context,
): Promise<Finding[]> {
  const { viewer, range, signal } = context;
  const variables = await resolve(board.templating?.list ?? [], {
    asked: () => [],
    range,
    sources: viewer.dataSources,
    signal,
  });
  const found = await Promise.all(
    firstStats(board).map((panel) => ofPanel(panel, variables, context)),
  );
  const all = [...alertsOf(board, alerts), ...found.flat()];
  return all.sort((a, b) => Number(b.severity === 'bad') - Number(a.severity === 'bad'));
}
