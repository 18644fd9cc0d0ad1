// The legend of a heatmap: its colours, from the least to the most.
import { css } from '@emotion/css';
import { formattedValueToString, getValueFormat, type GrafanaTheme2 } from '@grafana/data';
import { useStyles2 } from '@grafana/ui';

import type { Heat } from './HeatmapPanel';

export function ColourScale({ colours, heat, width }: { colours: string[]; heat: Heat; width: number }) {
  const styles = useStyles2(getStyles);
  const format = (value: number) => formattedValueToString(getValueFormat('short')(value, 2));
  return (
    <div className={styles.scale} style={{ maxWidth: Math.min(width, 300) }}>
      <span>{format(heat.least)}</span>
      <span
        className={styles.bar}
        style={{ background: `linear-gradient(to right, ${colours.join(', ')})` }}
      />
      <span>{format(heat.most)}</span>
    </div>
  );
}

const getStyles = (theme: GrafanaTheme2) => ({
  scale: css({
    display: 'flex',
    gap: 8,
    alignItems: 'center',
    height: 30,
    paddingLeft: 8,
    fontSize: theme.typography.bodySmall.fontSize,
    color: theme.colors.text.secondary,
  }),
  bar: css({ flex: 1, height: 10, borderRadius: 2 }),
});
