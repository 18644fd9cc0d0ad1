// What the viewer draws, option by option. Whatever else a board asks for is named in words, and
// fails the tests: what is shown here is what Grafana would show.
import {
  fieldColorModeRegistry,
  fieldMatchers,
  fieldReducers,
  getValueFormats,
  standardTransformersRegistry,
} from '@grafana/data';

import { STANDARD_OPTIONS } from '../panels/field-config';
import { rulesOf } from '../panels/option-rules';
import { FORMAT_NAMES, formatsIn } from './interpolate';
import { panelsOf, type Board, type Panel } from './model';
import { check, type Rules } from './rules';
import { VARIABLE_TYPES } from './variables';

const PANEL_RULES: Rules = {
  id: true, type: true, title: true, description: true, transparent: true, gridPos: true,
  datasource: true, targets: true, options: true, fieldConfig: true, transformations: true,
  maxDataPoints: true, interval: true, links: true, collapsed: true, panels: true,
  pluginVersion: true, libraryPanel: [null],
  // The default of the SDK: without `repeat`, it has no effect.
  repeatDirection: true,
};

const PROMETHEUS: Rules = {
  refId: true, datasource: true, hide: true, expr: true, legendFormat: true, interval: true,
  format: ['time_series', 'table', 'heatmap'], instant: true, range: true, exemplar: true,
  editorMode: true, intervalFactor: [1],
};
const LOKI: Rules = {
  refId: true, datasource: true, hide: true, expr: true, legendFormat: true, maxLines: true,
  queryType: ['range', 'instant'], editorMode: true, direction: ['backward'], step: [''],
};
const TEMPO: Rules = {
  refId: true, datasource: true, hide: true, query: true, limit: true, queryType: ['traceql'],
  tableType: ['traces'], spss: true, filters: [[]],
};
const TARGET_RULES: Readonly<Record<string, Rules>> = {
  prometheus: PROMETHEUS, loki: LOKI, tempo: TEMPO,
};

const BOARD_RULES: Rules = {
  uid: true, title: true, description: true, tags: true, time: true, refresh: true, panels: true,
  timezone: ['browser', '', 'utc'], graphTooltip: [0, 1], links: true, templating: true,
  annotations: true, editable: true, fiscalYearStartMonth: [0], schemaVersion: true, version: true,
  id: true, weekStart: [''], timepicker: true, liveNow: [false], preload: true,
};

const units = new Set<string>();

function isUnit(unit: string): boolean {
  if (units.size === 0) {
    for (const { submenu } of getValueFormats()) {
      for (const { value } of submenu) {
        units.add(value);
      }
    }
  }
  return units.has(unit) || /^(prefix|suffix|time|si|count|currency|bool):/.test(unit);
}

type Properties = ReadonlyArray<{ id: string; value: unknown }>;

function problemOfProperty(id: string, value: unknown, custom: Rules): string[] {
  if (id.startsWith('custom.')) {
    const path = id.slice('custom.'.length);
    return check({ [path.split('.')[0]!]: nested(path, value) }, custom, 'field option custom');
  }
  if (!STANDARD_OPTIONS.has(id)) {
    return [`the field option “${id}” is not supported`];
  }
  if (id === 'unit' && !isUnit(String(value))) {
    return [`the unit “${String(value)}” is not supported`];
  }
  if (id === 'color') {
    const mode = (value as { mode?: string }).mode;
    return fieldColorModeRegistry.getIfExists(mode) ? [] : [`the colour mode “${mode}” is not supported`];
  }
  return [];
}

/** `{b: {c: value}}` for the path `a.b.c`. */
function nested(path: string, value: unknown): unknown {
  return path.split('.').slice(1).reduceRight((inner, part) => ({ [part]: inner }), value);
}

function problemsOfFields(panel: Panel, custom: Rules): string[] {
  const { defaults = {}, overrides = [] } = panel.fieldConfig ?? {};
  const { custom: own = {}, ...standard } = defaults;
  const properties: Properties = Object.entries(standard).map(([id, value]) => ({ id, value }));
  const of = (list: Properties) =>
    list.flatMap(({ id, value }) => problemOfProperty(id, value, custom));
  return [
    ...check(own, custom, 'field option custom'),
    ...of(properties),
    ...overrides.flatMap(({ matcher, properties: list }) => [
      ...(fieldMatchers.getIfExists(matcher.id)
        ? []
        : [`the matcher “${matcher.id}” of an override is not supported`]),
      ...of(list as Properties),
    ]),
  ];
}

function problemsOfTargets(panel: Panel): string[] {
  return (panel.targets ?? []).flatMap((target) => {
    const type = target.datasource?.type ?? panel.datasource?.type ?? 'prometheus';
    const rules = TARGET_RULES[type];
    return rules === undefined
      ? [`data sources of type “${type}” are not supported`]
      : check(target, rules, `option of a ${type} query`);
  });
}

const problemsOfTransformations = (panel: Panel): string[] =>
  (panel.transformations ?? []).flatMap(({ id }) =>
    standardTransformersRegistry.getIfExists(id)
      ? []
      : [`the transformation “${id}” is not supported`],
  );

function problemsOfReducers(panel: Panel): string[] {
  const { legend, reduceOptions } = (panel.options ?? {}) as Record<string, { calcs?: string[] }>;
  return [...(legend?.calcs ?? []), ...(reduceOptions?.calcs ?? [])].flatMap((id) =>
    fieldReducers.getIfExists(id) ? [] : [`the calculation “${id}” is not supported`],
  );
}

function problemsOfFormats(value: unknown): string[] {
  return [...formatsIn(JSON.stringify(value))].flatMap((format) =>
    FORMAT_NAMES.has(format) ? [] : [`the format “${format}” of a variable is not supported`],
  );
}

/** What of a panel is not drawn as Grafana would, in words; empty when everything is. */
export function problemsOfPanel(panel: Panel): string[] {
  const type = rulesOf(panel.type);
  if (type === undefined) {
    return [`panels of type “${panel.type}” are not supported`];
  }
  return [
    ...new Set([
      ...check(panel, PANEL_RULES, 'option of a panel'),
      ...check(panel.options ?? {}, type.options, `option of a ${panel.type} panel`),
      ...problemsOfFields(panel, type.custom),
      ...problemsOfTargets(panel),
      ...problemsOfTransformations(panel),
      ...problemsOfReducers(panel),
      ...problemsOfFormats(panel),
    ]),
  ];
}

function problemsOfVariables(board: Board): string[] {
  return (board.templating?.list ?? []).flatMap((model) =>
    VARIABLE_TYPES.has(model.type)
      ? []
      : [`variables of type “${model.type}” are not supported`],
  );
}

/** What of a board itself is not drawn as Grafana would, without its panels. */
export function problemsOfBoard(board: Board): string[] {
  return [...check(board, BOARD_RULES, 'option of a board'), ...problemsOfVariables(board)];
}

/** What of a board and its panels is not drawn, each with the panel that asks for it. */
export function allProblems(board: Board): string[] {
  return [
    ...problemsOfBoard(board),
    ...panelsOf(board).flatMap((panel) =>
      problemsOfPanel(panel).map((problem) => `${panel.title ?? panel.id}: ${problem}`),
    ),
  ];
}
