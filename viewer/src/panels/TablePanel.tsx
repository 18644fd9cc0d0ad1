// Table: one frame, its columns drawn by Grafana's own component.
import { FieldType } from '@grafana/data';
import { TableCellHeight, type TableSortByFieldState } from '@grafana/schema';
import { TableNG } from '@grafana/ui/unstable';

import { Message } from './Message';
import { optionsOf, type PanelProps } from './props';

const DEFAULTS = {
  showHeader: true,
  cellHeight: TableCellHeight.Sm,
  sortBy: [] as TableSortByFieldState[],
  frameIndex: 0,
  enablePagination: false,
};

export function TablePanel({ panel, frames, width, height }: PanelProps) {
  const options = optionsOf(panel, DEFAULTS);
  const frame = frames[Math.min(options.frameIndex, frames.length - 1)];
  if (frame === undefined || frame.length === 0) {
    return <Message text={panel.fieldConfig?.defaults.noValue ?? 'No data'} />;
  }
  const shown = { ...frame, fields: frame.fields.filter((field) => field.type !== FieldType.frame) };
  return (
    <TableNG
      data={shown}
      width={width}
      height={height}
      noHeader={!options.showHeader}
      showTypeIcons={false}
      resizable
      sortBy={options.sortBy}
      cellHeight={options.cellHeight}
      enablePagination={options.enablePagination}
      fieldConfig={panel.fieldConfig}
    />
  );
}
