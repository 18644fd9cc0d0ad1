// Variables in texts: `$name`, `${name}`, `${name:format}`, `${name.path}` and `[[name]]`.

/** The board's own text for All, which is written as it is, as it may be a regular expression. */
export class AllText {
  constructor(readonly text: string) {}
}

export type Value = string | readonly string[] | AllText;

/** What a variable stands for at one place; undefined when there is no variable of that name. */
export type Lookup = (name: string, path: string | undefined) => Value | undefined;

type Plain = string | readonly string[];

export type Format = (value: Plain) => string;

const PATTERN = /\$(\w+)|\$\{(\w+)(?:\.([^:}]+))?(?::([^}]+))?\}|\[\[(\w+?)(?::(\w+))?\]\]/g;

const each = (value: Plain): readonly string[] => (typeof value === 'string' ? [value] : value);

const escapeRegex = (text: string): string => text.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&');

const encode = (text: string): string =>
  encodeURIComponent(text).replace(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );

const oneOrBraces = (parts: readonly string[]): string =>
  parts.length === 1 ? (parts[0] ?? '') : `{${parts.join(',')}}`;

function regex(value: Plain): string {
  const parts = each(value).map(escapeRegex);
  return parts.length === 1 ? (parts[0] ?? '') : `(${parts.join('|')})`;
}

function date(value: Plain, layout: string | undefined): string {
  const time = new Date(Number(each(value)[0]));
  switch (layout) {
    case undefined:
    case 'iso':
      return time.toISOString();
    case 'seconds':
      return String(Math.round(time.getTime() / 1000));
    default:
      throw new UnsupportedFormat(`date:${layout}`);
  }
}

/** A format of a variable that the viewer does not know: it is shown, not ignored. */
export class UnsupportedFormat extends Error {
  constructor(format: string) {
    super(`the format “${format}” of a variable is not supported`);
    this.name = 'UnsupportedFormat';
  }
}

const FORMATS: Readonly<Record<string, Format>> = {
  raw: (value) => each(value).join(','),
  csv: (value) => each(value).join(','),
  text: (value) => each(value).join(' + '),
  glob: (value) => oneOrBraces(each(value)),
  pipe: (value) => each(value).join('|'),
  regex,
  json: (value) => JSON.stringify(value),
  percentencode: (value) => encode(oneOrBraces(each(value))),
  uriencode: (value) => encodeURI(oneOrBraces(each(value))),
  singlequote: (value) => each(value).map((one) => `'${one.replace(/'/g, "\\'")}'`).join(','),
  doublequote: (value) => each(value).map((one) => `"${one.replace(/"/g, '\\"')}"`).join(','),
};

/** Formats by name, for the check of what is supported. */
export const FORMAT_NAMES: ReadonlySet<string> = new Set([
  ...Object.keys(FORMATS),
  'queryparam',
  'date',
  'date:iso',
  'date:seconds',
]);

function ofAll(name: string, { text }: AllText, format: string | undefined): string {
  switch (format) {
    case 'text':
      return 'All';
    case 'percentencode':
      return encode(text);
    case 'queryparam':
      return `var-${name}=$__all`;
    default:
      return text;
  }
}

function formatted(name: string, value: Value, format: string | undefined, other: Format): string {
  if (value instanceof AllText) {
    return ofAll(name, value, format);
  }
  if (format === undefined) {
    return other(value);
  }
  if (format === 'queryparam') {
    return each(value).map((one) => `var-${name}=${encode(one)}`).join('&');
  }
  if (format === 'date' || format.startsWith('date:')) {
    return date(value, format.split(':')[1]);
  }
  const known = FORMATS[format];
  if (known === undefined) {
    throw new UnsupportedFormat(format);
  }
  return known(value);
}

/**
 * Replaces the variables of a text; those without a value stay as they are.
 *
 * @param text the text.
 * @param lookup returns values.
 * @param other how a value is written where no format is named.
 */
export function interpolate(text: string, lookup: Lookup, other: Format = FORMATS['glob']!): string {
  return text.replace(
    PATTERN,
    (
      whole: string,
      bare: string | undefined,
      braced: string | undefined,
      path: string | undefined,
      format: string | undefined,
      old: string | undefined,
      oldFormat: string | undefined,
    ) => {
      const name = bare ?? braced ?? old ?? '';
      const value = lookup(name, path);
      return value === undefined ? whole : formatted(name, value, format ?? oldFormat, other);
    },
  );
}

/** Names of the variables of a text. */
export function variablesIn(text: string): Set<string> {
  const names = new Set<string>();
  for (const found of text.matchAll(PATTERN)) {
    names.add(found[1] ?? found[2] ?? found[5] ?? '');
  }
  return names;
}

/** The formats that a text names. */
export function formatsIn(text: string): Set<string> {
  const names = new Set<string>();
  for (const found of text.matchAll(PATTERN)) {
    const format = found[4] ?? found[6];
    if (format !== undefined) {
      names.add(format);
    }
  }
  return names;
}

// In a PromQL string, a backslash of the regular expression is written twice.
const escapeInString = (text: string): string =>
  escapeRegex(text).replace(/\\\//g, '/').replace(/\\/g, '\\\\');

/**
 * How a value is written in PromQL and LogQL: a list is a regular expression, also with one value;
 * a text is that of a string.
 */
export const queryFormat: Format = (value) => {
  if (typeof value === 'string') {
    return value.replace(/\\/g, '\\\\').replace(/"/g, '\\"');
  }
  const parts = value.map(escapeInString);
  return parts.length === 1 ? (parts[0] ?? '') : `(${parts.join('|')})`;
};
