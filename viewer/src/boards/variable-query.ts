// The options of a query variable: Prometheus' label_values, label_names, metrics, query_result.
import type { TimeRange } from '@grafana/data';

import { labelNames, labelValues, queryInstant } from '../data-sources/prometheus';
import { interpolate, queryFormat, type Lookup } from './interpolate';
import type { VariableModel } from './model';
import type { Option } from './variables';

const LABEL_VALUES = /^label_values\((?:([\s\S]+),\s*)?([a-zA-Z_]\w*)\)\s*$/;
const LABEL_NAMES = /^label_names\(([\s\S]*)\)\s*$/;
const METRICS = /^metrics\(([\s\S]+)\)\s*$/;
const QUERY_RESULT = /^query_result\(([\s\S]+)\)\s*$/;

async function texts(query: string, range: TimeRange, signal: AbortSignal): Promise<string[]> {
  const window = { start: range.from.valueOf() / 1000, end: range.to.valueOf() / 1000 };
  const values = LABEL_VALUES.exec(query);
  if (values) {
    return labelValues(values[2]!, values[1]?.trim(), window, signal);
  }
  const names = LABEL_NAMES.exec(query);
  if (names) {
    return labelNames(names[1]?.trim() || undefined, window, signal);
  }
  const metrics = METRICS.exec(query);
  if (metrics) {
    const wanted = new RegExp(metrics[1]!);
    return (await labelValues('__name__', undefined, window, signal)).filter((one) => wanted.test(one));
  }
  const result = QUERY_RESULT.exec(query);
  if (result) {
    return (await queryInstant(result[1]!, window.end, signal)).map(({ metric, value }) => {
      const { __name__: name = '', ...labels } = metric;
      const pairs = Object.entries(labels).map(([key, one]) => `${key}="${one}"`);
      return `${name}{${pairs.join(',')}} ${value[1]} ${value[0] * 1000}`;
    });
  }
  throw new Error(`the variable’s query “${query}” is not supported`);
}

/** What a variable's regular expression leaves of a text: its group, or the text when it matches. */
function matched(text: string, regex: RegExp | undefined): Option | undefined {
  if (regex === undefined) {
    return { text, value: text };
  }
  const found = regex.exec(text);
  if (found === null) {
    return undefined;
  }
  const value = found.groups?.['value'] ?? found[1] ?? text;
  return { value, text: found.groups?.['text'] ?? value };
}

function toRegex(text: string | undefined): RegExp | undefined {
  if (!text) {
    return undefined;
  }
  const delimited = /^\/(.*)\/([a-z]*)$/s.exec(text);
  return delimited ? new RegExp(delimited[1]!, delimited[2]!.replace('g', '')) : new RegExp(`^${text}$`);
}

const natural = new Intl.Collator('en', { numeric: true, sensitivity: 'base' });
const plain = new Intl.Collator('en', { sensitivity: 'variant' });

/** Orders of a variable's options, by Grafana's number. */
const ORDERS: Readonly<Record<number, (a: string, b: string) => number>> = {
  1: (a, b) => plain.compare(a, b),
  2: (a, b) => plain.compare(b, a),
  3: (a, b) => Number(/\d+/.exec(a)?.[0] ?? -1) - Number(/\d+/.exec(b)?.[0] ?? -1),
  4: (a, b) => Number(/\d+/.exec(b)?.[0] ?? -1) - Number(/\d+/.exec(a)?.[0] ?? -1),
  5: (a, b) => plain.compare(a.toLowerCase(), b.toLowerCase()),
  6: (a, b) => plain.compare(b.toLowerCase(), a.toLowerCase()),
  7: (a, b) => natural.compare(a, b),
  8: (a, b) => natural.compare(b, a),
};

/** Reads the options of a query variable. */
export async function optionsOfQuery(
  model: VariableModel,
  query: string,
  lookup: Lookup,
  range: TimeRange,
  signal: AbortSignal,
): Promise<Option[]> {
  if (query.trim() === '') {
    return [];
  }
  const written = interpolate(query, lookup, queryFormat);
  const regex = toRegex(model.regex && interpolate(model.regex, lookup));
  const found = new Map<string, Option>();
  for (const text of await texts(written, range, signal)) {
    const option = matched(text, regex);
    if (option !== undefined && option.value !== '') {
      found.set(option.value, option);
    }
  }
  const order = ORDERS[model.sort ?? 0];
  const options = [...found.values()];
  return order ? options.sort((a, b) => order(a.text, b.text)) : options;
}
