// The tooltip of a time series: the time, and the value of one series or of all.
import {
  formattedValueToString,
  getFieldDisplayName,
  type DataFrame,
  type Field,
  type LinkModel,
} from '@grafana/data';
import { SortOrder, TooltipDisplayMode } from '@grafana/schema';
import {
  VizTooltipColorIndicator,
  VizTooltipColorPlacement,
  VizTooltipContent,
  VizTooltipFooter,
  VizTooltipHeader,
  VizTooltipWrapper,
  type VizTooltipItem,
} from '@grafana/ui';

// The library's own is a const enum, which no bundle has: `TooltipHoverMode`.
export const HOVER_ONE = 0;
export const HOVER_ALL = 1;
export const HOVER_CELL = 2;

export interface TooltipOptions {
  mode: TooltipDisplayMode;
  sort: SortOrder;
  hideZeros?: boolean;
}

interface Props {
  frame: DataFrame;
  /** Index of the value under the pointer, by series. */
  indices: ReadonlyArray<number | null>;
  series: number | null;
  tooltip: TooltipOptions;
  isPinned: boolean;
  links: LinkModel[];
}

function itemOf(frame: DataFrame, field: Field, index: number, isActive: boolean): VizTooltipItem {
  const display = field.display!(field.values[index]);
  return {
    label: getFieldDisplayName(field, frame),
    value: formattedValueToString(display),
    color: display.color,
    colorIndicator: VizTooltipColorIndicator.series,
    colorPlacement: VizTooltipColorPlacement.first,
    isActive,
    numeric: display.numeric,
  };
}

/** The rows of the tooltip, in its order. */
export function itemsOf({ frame, indices, series, tooltip }: Omit<Props, 'isPinned' | 'links'>) {
  const isSingle = tooltip.mode === TooltipDisplayMode.Single;
  const items = frame.fields.flatMap((field, number) => {
    const index = indices[number];
    const isHidden = field.config.custom?.hideFrom?.tooltip === true;
    if (number === 0 || index === null || index === undefined || isHidden) {
      return [];
    }
    const value: unknown = field.values[index];
    if (value === null || value === undefined || (tooltip.hideZeros && value === 0)) {
      return [];
    }
    return isSingle && series !== null && series !== number
      ? []
      : [itemOf(frame, field, index, series === number && !isSingle)];
  });
  const sign = { [SortOrder.Ascending]: 1, [SortOrder.Descending]: -1, [SortOrder.None]: 0 };
  return items.sort((a, b) => sign[tooltip.sort] * ((a.numeric ?? 0) - (b.numeric ?? 0)));
}

export function SeriesTooltip(props: Props) {
  const { frame, indices, isPinned, links } = props;
  const time = frame.fields[0];
  const index = indices[0] ?? indices.find((one) => one !== null && one !== undefined);
  if (time === undefined || index === undefined || index === null) {
    return null;
  }
  const text = formattedValueToString(time.display!(time.values[index]));
  return (
    <VizTooltipWrapper>
      <VizTooltipHeader item={{ label: '', value: text }} isPinned={isPinned} />
      <VizTooltipContent items={itemsOf(props)} isPinned={isPinned} scrollable maxHeight={320} />
      {isPinned && links.length > 0 ? <VizTooltipFooter dataLinks={links as never} /> : null}
    </VizTooltipWrapper>
  );
}
