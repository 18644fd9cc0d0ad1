// The colours of a heatmap: D3's schemes, from few to many.
import type { GrafanaTheme2 } from '@grafana/data';
import * as schemes from 'd3-scale-chromatic';

import type { Heat, HeatOptions } from './HeatmapPanel';

// In the dark, few has to be dark and many light; in D3 it is the other way round for these.
const DARK_IS_MANY = new Set(['Oranges', 'Blues', 'Greens', 'Reds', 'Purples']);

export function paletteOf({ color }: HeatOptions, theme: GrafanaTheme2): string[] {
  const found = (schemes as unknown as Record<string, ((share: number) => string) | undefined>)[
    `interpolate${color.scheme}`
  ];
  const scheme = found ?? schemes.interpolateOranges;
  const turned = (theme.isDark && DARK_IS_MANY.has(color.scheme)) !== color.reverse;
  const steps = Math.max(color.steps, 2);
  return Array.from({ length: steps }, (_, step) => {
    const share = step / (steps - 1);
    return scheme(turned ? 1 - share : share);
  });
}

/** The step of the palette for a count: by a power of its share, which lifts small counts. */
export function shadeOf(count: number, { least, most }: Heat, { color }: HeatOptions): number {
  const share = most > least ? (count - least) / (most - least) : 1;
  return Math.round(Math.min(Math.max(share, 0), 1) ** color.exponent * (Math.max(color.steps, 2) - 1));
}
