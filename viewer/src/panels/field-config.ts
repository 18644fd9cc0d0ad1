// Which field options there are, and how each is read: Grafana's standard ones, and those of a
// panel type, which are below `custom`.
import {
  booleanOverrideProcessor,
  dataLinksOverrideProcessor,
  displayNameOverrideProcessor,
  FieldConfigOptionsRegistry,
  identityOverrideProcessor,
  numberOverrideProcessor,
  stringOverrideProcessor,
  thresholdsOverrideProcessor,
  unitOverrideProcessor,
  valueMappingsOverrideProcessor,
  type FieldConfigPropertyItem,
} from '@grafana/data';

import type { Rules } from '../boards/rules';

type Item = FieldConfigPropertyItem;

const NoEditor = (): null => null;

function item(path: string, process: Item['process'], isCustom: boolean): Item {
  return {
    id: isCustom ? `custom.${path}` : path,
    path,
    name: path,
    isCustom,
    process,
    shouldApply: () => true,
    getItemsCount: () => 1,
    editor: NoEditor,
    override: NoEditor,
  } as unknown as Item;
}

const PROCESSORS = {
  displayName: displayNameOverrideProcessor,
  unit: unitOverrideProcessor,
  min: numberOverrideProcessor,
  max: numberOverrideProcessor,
  decimals: numberOverrideProcessor,
  fieldMinMax: booleanOverrideProcessor,
  thresholds: thresholdsOverrideProcessor,
  mappings: valueMappingsOverrideProcessor,
  links: dataLinksOverrideProcessor,
  noValue: stringOverrideProcessor,
  description: stringOverrideProcessor,
  color: identityOverrideProcessor,
  filterable: booleanOverrideProcessor,
} as unknown as Readonly<Record<string, Item['process']>>;

/** Field options of every panel type. */
export const STANDARD_OPTIONS: ReadonlySet<string> = new Set(Object.keys(PROCESSORS));

/** Grafana's standard options. */
export const standardItems = (): Item[] =>
  Object.entries(PROCESSORS).map(([path, process]) => item(path, process, false));

/** The paths of options, those of their members as well: an override may set either. */
function pathsOf(rules: Rules, before = ''): string[] {
  return Object.entries(rules).flatMap(([name, rule]) => [
    before + name,
    ...(rule === true || Array.isArray(rule) ? [] : pathsOf(rule as Rules, `${before}${name}.`)),
  ]);
}

/** The registry of a panel type: the standard options and its own. */
export function registryOf(custom: Rules): FieldConfigOptionsRegistry {
  const own = pathsOf(custom).map((path) =>
    item(path, identityOverrideProcessor as Item['process'], true),
  );
  return new FieldConfigOptionsRegistry(() => [...standardItems(), ...own]);
}
