// Stat: the last value of each field, large, over its course.
import { VizOrientation, type FieldDisplay } from '@grafana/data';
import {
  BigValue,
  BigValueColorMode,
  BigValueGraphMode,
  BigValueJustifyMode,
  BigValueTextMode,
  useTheme2,
  VizRepeater,
  type VizRepeaterRenderValueProps,
} from '@grafana/ui';

import { optionsOf, type PanelProps } from './props';
import { WithLinks } from './WithLinks';
import { REDUCE_LAST, valuesOf } from './values';

const DEFAULTS = {
  reduceOptions: REDUCE_LAST,
  colorMode: BigValueColorMode.Value,
  graphMode: BigValueGraphMode.Area,
  justifyMode: BigValueJustifyMode.Auto,
  textMode: BigValueTextMode.Auto,
  orientation: VizOrientation.Auto,
  text: undefined as { titleSize?: number; valueSize?: number } | undefined,
};

export function StatPanel(props: PanelProps) {
  const theme = useTheme2();
  const options = optionsOf(props.panel, DEFAULTS);
  const sparkline = options.graphMode !== BigValueGraphMode.None;
  const values = valuesOf(props, options, theme, sparkline);
  const render = ({ value, width, height, count }: VizRepeaterRenderValueProps<FieldDisplay>) => (
    <WithLinks value={value}>
      <BigValue
        value={value.display}
        count={count}
        sparkline={value.sparkline}
        colorMode={options.colorMode}
        graphMode={options.graphMode}
        justifyMode={options.justifyMode}
        textMode={nameShown(options.textMode, values.length)}
        text={options.text}
        width={width}
        height={height}
        theme={theme}
      />
    </WithLinks>
  );
  return (
    <VizRepeater
      getValues={() => values}
      renderValue={render}
      width={props.width}
      height={props.height}
      source={props.frames}
      itemSpacing={3}
      renderCounter={0}
      autoGrid
      orientation={options.orientation}
    />
  );
}

/** In the mode "auto", a single value needs no name. */
function nameShown(mode: BigValueTextMode, count: number): BigValueTextMode {
  const isOne = mode === BigValueTextMode.Auto && count === 1;
  return isOne ? BigValueTextMode.Value : mode;
}
