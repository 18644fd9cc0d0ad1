// The variables of a board: their options, what is chosen, and what they stand for in a query.
import type { TimeRange } from '@grafana/data';

import { formatDuration } from '../data-sources/interval';
import { optionsOfQuery } from './variable-query';
import { AllText, variablesIn, type Lookup, type Value } from './interpolate';
import type { VariableModel } from './model';
import type { SourceModel } from './sources';

export const ALL = '$__all';
export const ALL_TEXT = 'All';

export interface Option {
  value: string;
  text: string;
}

/** A variable with its options, and what is chosen of them. */
export interface Variable {
  model: VariableModel;
  options: readonly Option[];
  /** What is chosen; `$__all` stands for every option. */
  chosen: readonly string[];
  /** Why its options could not be read. */
  problem?: string;
}

export type Variables = ReadonlyMap<string, Variable>;

const TYPES = ['query', 'datasource', 'custom', 'constant', 'interval', 'textbox'] as const;

export const VARIABLE_TYPES: ReadonlySet<string> = new Set(TYPES);

const queryText = (model: VariableModel): string =>
  typeof model.query === 'string' ? model.query : (model.query?.query ?? '');

/** Names of the variables that this one's options depend on. */
export function dependencies(model: VariableModel): Set<string> {
  const texts = [queryText(model), model.regex ?? '', model.datasource?.uid ?? ''];
  return new Set(texts.flatMap((text) => [...variablesIn(text)]));
}

/** The variables in an order in which each comes after those that it depends on. */
export function inOrder(models: readonly VariableModel[]): VariableModel[] {
  const names = new Set(models.map((model) => model.name));
  const ordered: VariableModel[] = [];
  const left = [...models];
  while (left.length > 0) {
    const done = new Set(ordered.map((model) => model.name));
    const index = left.findIndex((model) =>
      [...dependencies(model)].every((name) => done.has(name) || !names.has(name)),
    );
    // Of a circle, the first: its query then has a variable without a value, which is shown.
    ordered.push(...left.splice(Math.max(index, 0), 1));
  }
  return ordered;
}

/** Options of "a, b : text, c" of a custom variable. */
export function customOptions(query: string): Option[] {
  return (query.match(/(?:\\,|[^,])+/g) ?? []).map((part) => {
    const text = part.replace(/\\,/g, ',').trim();
    const pair = /^(.+?)\s+:\s+(.+)$/.exec(text);
    return pair ? { text: pair[1]!, value: pair[2]!.trim() } : { text, value: text };
  });
}

/** Options that are read from no data source. */
function localOptions(model: VariableModel, sources: readonly SourceModel[]): Option[] {
  const query = queryText(model);
  switch (model.type) {
    case 'datasource':
      return sources
        .filter((source) => source.type === query)
        .map((source) => ({ text: source.name, value: source.uid }));
    case 'custom':
    case 'interval':
      return customOptions(query);
    case 'constant':
    case 'textbox':
      return [{ text: query, value: query }];
    default:
      throw new Error(`variables of type “${model.type}” are not supported`);
  }
}

async function optionsOf(
  model: VariableModel,
  lookup: Lookup,
  range: TimeRange,
  sources: readonly SourceModel[],
  signal: AbortSignal,
): Promise<Option[]> {
  switch (model.type) {
    case 'query':
      return optionsOfQuery(model, queryText(model), lookup, range, signal);
    default:
      return localOptions(model, sources);
  }
}

/** What is chosen: what the address says, else the board, else the first option or All. */
export function choose(
  model: VariableModel,
  options: readonly Option[],
  asked: readonly string[],
): string[] {
  if (model.type === 'constant') {
    return options.map((option) => option.value);
  }
  const values = new Set(options.map((option) => option.value));
  const isAll = (value: string) =>
    model.includeAll === true && (value === ALL || value === ALL_TEXT);
  const of = (given: readonly string[]) => {
    if (given.some(isAll)) {
      return [ALL];
    }
    return model.multi ? [...given] : given.slice(0, 1);
  };
  // A value of the address is kept although it is no option now: a worker that has gone, for one.
  if (asked.length > 0 && asked.some((value) => value !== '')) {
    return of(asked);
  }
  const current = [model.current?.value ?? []].flat();
  const kept = current.filter((value) => isAll(value) || values.has(value));
  if (kept.length > 0) {
    return of(kept);
  }
  if (model.includeAll === true) {
    return [ALL];
  }
  return options.slice(0, 1).map((option) => option.value);
}

/** Everything that a variable's value depends on beside the board. */
export interface Surroundings {
  asked(name: string): readonly string[];
  range: TimeRange;
  sources: readonly SourceModel[];
  signal: AbortSignal;
}

/** Reads the options of every variable, each after those that it depends on. */
export async function resolve(
  models: readonly VariableModel[],
  { asked, range, sources, signal }: Surroundings,
): Promise<Variables> {
  const resolved = new Map<string, Variable>();
  const known = new Set(models.map((model) => model.name));
  const pending = new Map<string, Promise<void>>();
  const one = async (model: VariableModel): Promise<void> => {
    await Promise.all(
      [...dependencies(model)].filter((name) => known.has(name)).map((name) => pending.get(name)),
    );
    const lookup = lookupOf(resolved, range);
    try {
      const options = await optionsOf(model, lookup, range, sources, signal);
      resolved.set(model.name, { model, options, chosen: choose(model, options, asked(model.name)) });
    } catch (error) {
      signal.throwIfAborted();
      const problem = error instanceof Error ? error.message : String(error);
      const chosen = choose(model, [], asked(model.name));
      resolved.set(model.name, { model, options: [], chosen, problem });
    }
  };
  for (const model of inOrder(models)) {
    pending.set(model.name, one(model));
  }
  await Promise.all(pending.values());
  // In the board's order, which is that of the bar.
  return new Map(models.map((model) => [model.name, resolved.get(model.name)!]));
}

/**
 * The variables as far as they are known without a data source: enough for the queries when what is
 * chosen does not depend on the list of choices.
 *
 * Returns undefined when one's value has to be read first.
 */
export function knownAtOnce(
  models: readonly VariableModel[],
  { asked, sources }: Pick<Surroundings, 'asked' | 'sources'>,
): Variables | undefined {
  const known = new Map<string, Variable>();
  for (const model of models) {
    const options = model.type === 'query' ? [] : localOptions(model, sources);
    const chosen = choose(model, options, asked(model.name));
    const isAll = chosen.includes(ALL);
    if (chosen.length === 0 || (model.type === 'query' && isAll && !model.allValue)) {
      return undefined;
    }
    if (model.type === 'query' && !isAll && asked(model.name).length === 0) {
      return undefined;
    }
    known.set(model.name, { model, options, chosen });
  }
  return known;
}

/** What a variable stands for: a list when it can have several values, even when it has one. */
export function valueOf({ model, options, chosen }: Variable): Value {
  if (chosen.includes(ALL)) {
    return model.allValue ? new AllText(model.allValue) : options.map((option) => option.value);
  }
  return model.multi || model.includeAll ? chosen : (chosen[0] ?? '');
}

/** What is shown of a variable. */
export function textOf(variable: Variable): string {
  if (variable.chosen.includes(ALL)) {
    return ALL_TEXT;
  }
  const texts = new Map(variable.options.map((option) => [option.value, option.text]));
  return variable.chosen.map((value) => texts.get(value) ?? value).join(' + ');
}

/** The variables and Grafana's own of a time range, for texts such as titles and links. */
export function lookupOf(variables: Variables, range: TimeRange): Lookup {
  const from = range.from.valueOf();
  const to = range.to.valueOf();
  const own: Record<string, string> = {
    __from: String(from),
    __to: String(to),
    __range: formatDuration(Math.round((to - from) / 1000) * 1000),
    __range_s: String(Math.round((to - from) / 1000)),
    __range_ms: String(to - from),
    __url_time_range: `from=${rawEnd(range.raw.from)}&to=${rawEnd(range.raw.to)}`,
    __all_variables: searchOf(variables).toString(),
  };
  return (name) => {
    const variable = variables.get(name);
    return variable === undefined ? own[name] : valueOf(variable);
  };
}

const rawEnd = (end: TimeRange['raw']['from']): string =>
  typeof end === 'string' ? end : String(end.valueOf());

/** The chosen values as parts of an address. */
export function searchOf(variables: Variables): URLSearchParams {
  const search = new URLSearchParams();
  for (const [name, { chosen }] of variables) {
    for (const value of chosen) {
      search.append(`var-${name}`, value);
    }
  }
  return search;
}
