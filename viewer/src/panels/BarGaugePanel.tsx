// Bar gauge: the last value of each field as a bar.
import { BarGaugeDisplayMode, BarGaugeNamePlacement, BarGaugeValueMode } from '@grafana/schema';
import {
  getDisplayValueAlignmentFactors,
  getFieldConfigWithMinMax,
  VizOrientation,
  type DisplayValueAlignmentFactors,
  type FieldDisplay,
} from '@grafana/data';
import { BarGauge, useTheme2, VizRepeater, type VizRepeaterRenderValueProps } from '@grafana/ui';

import { optionsOf, type PanelProps } from './props';
import { WithLinks } from './WithLinks';
import { REDUCE_LAST, valuesOf } from './values';

const DEFAULTS = {
  reduceOptions: REDUCE_LAST,
  displayMode: BarGaugeDisplayMode.Gradient,
  orientation: VizOrientation.Auto,
  valueMode: BarGaugeValueMode.Color,
  namePlacement: BarGaugeNamePlacement.Auto,
  showUnfilled: true,
  minVizWidth: 8,
  minVizHeight: 16,
  maxVizHeight: 300,
  text: undefined as { titleSize?: number; valueSize?: number } | undefined,
};

type Render = VizRepeaterRenderValueProps<FieldDisplay, DisplayValueAlignmentFactors>;

export function BarGaugePanel(props: PanelProps) {
  const theme = useTheme2();
  const options = optionsOf(props.panel, DEFAULTS);
  const values = valuesOf(props, options, theme, false);
  const render = ({ value, alignmentFactors, orientation, width, height, count }: Render) => {
    const { field, display, view, colIndex } = value;
    const processor = view && colIndex !== undefined ? view.getFieldDisplayProcessor(colIndex) : undefined;
    return (
      <WithLinks value={value}>
        <BarGauge
          value={display}
          width={width}
          height={height}
          orientation={orientation}
          field={getFieldConfigWithMinMax({ ...(view?.dataFrame.fields[colIndex ?? 0] as object), config: field } as never, false)}
          text={options.text}
          display={processor}
          theme={theme}
          itemSpacing={8}
          displayMode={options.displayMode}
          alignmentFactors={count > 1 ? alignmentFactors : undefined}
          showUnfilled={options.showUnfilled}
          valueDisplayMode={options.valueMode}
          namePlacement={options.namePlacement}
        />
      </WithLinks>
    );
  };
  return (
    <VizRepeater
      source={props.frames}
      getAlignmentFactors={getDisplayValueAlignmentFactors}
      getValues={() => values}
      renderValue={render}
      renderCounter={0}
      width={props.width}
      height={props.height}
      minVizWidth={options.minVizWidth}
      minVizHeight={options.minVizHeight}
      maxVizHeight={options.maxVizHeight}
      itemSpacing={8}
      orientation={options.orientation}
    />
  );
}
