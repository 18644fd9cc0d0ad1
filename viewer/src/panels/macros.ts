// Grafana's variables of one value, row or series, which its data links are filled in with.
//
// Source: Grafana's documentation, "Configure data links and actions", "Data link variables".
import {
  formattedValueToString,
  getFieldDisplayName,
  getFrameDisplayName,
  type DataFrame,
  type DisplayValue,
  type Field,
} from '@grafana/data';

/** What a link belongs to, as @grafana/data hands it over. */
export interface DataContext {
  frame: DataFrame;
  field: Field;
  /** All frames of the panel. */
  data?: DataFrame[];
  rowIndex?: number;
  /** In place of a row: what a reduction made of all of them. */
  calculatedValue?: DisplayValue;
}

function shownOf(field: Field, row: number): DisplayValue {
  const raw: unknown = field.values[row];
  return field.display?.(raw) ?? { text: String(raw ?? ''), numeric: Number(raw) };
}

function ofValue(value: DisplayValue, raw: unknown, part: string | undefined): unknown {
  switch (part) {
    case 'raw':
      return raw;
    case 'numeric':
      return value.numeric;
    default:
      return formattedValueToString(value);
  }
}

function ofRow({ frame, data, rowIndex }: DataContext, parts: readonly string[]): unknown {
  const [kind, wanted, part] = parts;
  if (kind !== 'fields' || wanted === undefined || rowIndex === undefined) {
    return undefined;
  }
  const field =
    frame.fields.find((one) => getFieldDisplayName(one, frame, data) === wanted) ??
    frame.fields.find((one) => one.name === wanted) ??
    frame.fields[/^\d+$/.test(wanted) ? Number(wanted) : -1];
  return field && ofValue(shownOf(field, rowIndex), field.values[rowIndex], part);
}

function ofCell({ frame, field, rowIndex, calculatedValue }: DataContext, part: string | undefined): unknown {
  if (part === 'time') {
    const time = frame.fields.find((one) => one.type === 'time');
    return rowIndex === undefined ? undefined : time?.values[rowIndex];
  }
  if (rowIndex !== undefined) {
    return ofValue(shownOf(field, rowIndex), field.values[rowIndex], part ?? 'raw');
  }
  return calculatedValue && ofValue(calculatedValue, calculatedValue.numeric, part ?? 'raw');
}

/** The value of a variable; undefined where what is linked has none. */
export function macro(name: string, path: string | undefined, context: DataContext): unknown {
  const { frame, field, data } = context;
  // `labels.http_route`, `fields.Route` and `fields["p 95"]`.
  const parts = path?.match(/[^.[\]"']+/g) ?? [];
  switch (name) {
    case '__field':
      return parts[0] === 'labels'
        ? field.labels?.[parts[1] ?? '']
        : getFieldDisplayName(field, frame, data);
    case '__series':
      return getFrameDisplayName(frame);
    case '__data':
      return ofRow(context, parts);
    case '__value':
      return ofCell(context, parts[0]);
    default:
      return undefined;
  }
}
