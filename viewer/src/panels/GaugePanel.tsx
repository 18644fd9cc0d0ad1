// Gauge: the last value of each field on an arc, with its thresholds around it.
import {
  getActiveThreshold,
  VizOrientation,
  type FieldConfig,
  type FieldDisplay,
  type GrafanaTheme2,
} from '@grafana/data';
import { useTheme2, VizRepeater, type VizRepeaterRenderValueProps } from '@grafana/ui';

import { optionsOf, type PanelProps } from './props';
import { REDUCE_LAST, valuesOf } from './values';
import { WithLinks } from './WithLinks';

const DEFAULTS = {
  reduceOptions: REDUCE_LAST,
  showThresholdMarkers: true,
  orientation: VizOrientation.Auto,
  minVizWidth: 75,
  minVizHeight: 75,
};

// The arc leaves a quarter open at the bottom.
const START = -Math.PI * 1.25;
const SWEEP = Math.PI * 1.5;

const clamp = (share: number): number => Math.min(Math.max(share, 0), 1);

/** The path of an arc from one share of the gauge to another. */
export function arc(from: number, to: number, radius: number): string {
  const point = (share: number) => {
    const angle = START + SWEEP * clamp(share);
    return `${(radius * Math.cos(angle)).toFixed(2)} ${(radius * Math.sin(angle)).toFixed(2)}`;
  };
  const large = (clamp(to) - clamp(from)) * SWEEP > Math.PI ? 1 : 0;
  return `M ${point(from)} A ${radius} ${radius} 0 ${large} 1 ${point(to)}`;
}

interface Band {
  from: number;
  to: number;
  colour: string;
}

/** The thresholds as parts of the gauge. */
export function bandsOf({ thresholds, ...field }: FieldConfig, theme: GrafanaTheme2): Band[] {
  const [min, max] = [field.min ?? 0, field.max ?? 100];
  const steps = thresholds?.steps ?? [];
  const share = (value: number) =>
    thresholds?.mode === 'percentage' ? value / 100 : (value - min) / (max - min || 1);
  return steps.map((step, index) => ({
    from: clamp(Number.isFinite(step.value) ? share(step.value) : 0),
    to: clamp(index + 1 < steps.length ? share(steps[index + 1]!.value) : 1),
    colour: theme.visualization.getColorByName(step.color),
  }));
}

function Arc({ value, markers }: { value: FieldDisplay; markers: boolean }) {
  const theme = useTheme2();
  const { field, display } = value;
  const [min, max] = [field.min ?? 0, field.max ?? 100];
  const share = Number.isFinite(display.numeric) ? (display.numeric - min) / (max - min || 1) : 0;
  const colour =
    display.color ??
    theme.visualization.getColorByName(
      getActiveThreshold(display.numeric, field.thresholds?.steps).color,
    );
  return (
    <g fill="none">
      <path d={arc(0, 1, 40)} stroke={theme.colors.background.secondary} strokeWidth={11} />
      <path d={arc(0, share, 40)} stroke={colour} strokeWidth={11} />
      {markers
        ? bandsOf(field, theme).map((band) => (
            <path
              key={band.from}
              d={arc(band.from, band.to, 48)}
              stroke={band.colour}
              strokeWidth={3}
            />
          ))
        : null}
    </g>
  );
}

export function GaugePanel(props: PanelProps) {
  const theme = useTheme2();
  const options = optionsOf(props.panel, DEFAULTS);
  const values = valuesOf(props, options, theme, false);
  const render = ({ value, width, height, count }: VizRepeaterRenderValueProps<FieldDisplay>) => {
    const { text, prefix = '', suffix = '', title = '' } = value.display;
    const shown = `${prefix}${text}${suffix}`;
    return (
      <WithLinks value={value}>
        <svg
          role="img"
          aria-label={`${title}: ${shown}`}
          width={width}
          height={height}
          viewBox="-52 -52 104 100"
        >
          <Arc value={value} markers={options.showThresholdMarkers} />
          <text
            textAnchor="middle"
            y={6}
            fontSize={Math.min(20, 110 / Math.max(shown.length, 1))}
            fill={theme.colors.text.primary}
          >
            {shown}
          </text>
          {count > 1 ? (
            <text textAnchor="middle" y={40} fontSize={9} fill={theme.colors.text.secondary}>
              {title}
            </text>
          ) : null}
        </svg>
      </WithLinks>
    );
  };
  return (
    <VizRepeater
      source={props.frames}
      getValues={() => values}
      renderValue={render}
      renderCounter={0}
      width={props.width}
      height={props.height}
      minVizWidth={options.minVizWidth}
      minVizHeight={options.minVizHeight}
      itemSpacing={8}
      orientation={options.orientation}
    />
  );
}
