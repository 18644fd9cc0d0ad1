// Where a request spent its time: its phases as one bar, and each with its seconds and share.
import { css } from '@emotion/css';
import type { GrafanaTheme2 } from '@grafana/data';
import { useStyles2, useTheme2 } from '@grafana/ui';

import { phaseColour } from './colours';
import { byLength, PHASE_MEANINGS, type PhaseSeconds } from './phases';
import { formatSeconds, formatShare } from './time';

export function PhaseStrip({ phases, seconds }: { phases: PhaseSeconds; seconds: number }) {
  const styles = useStyles2(getStyles);
  const theme = useTheme2();
  const parts = byLength(phases);
  if (parts.length === 0) {
    return null;
  }
  return (
    <div>
      <div className={styles.strip} aria-hidden>
        {parts.map(([phase, part]) => (
          <div
            key={phase}
            title={`${phase}: ${formatSeconds(part)}`}
            style={{ flexGrow: part, background: phaseColour(phase, theme) }}
          />
        ))}
      </div>
      <ul className={styles.legend} aria-label="Time by phase">
        {parts.map(([phase, part]) => (
          <li key={phase} className={styles.phase} title={`${phase}: it ${PHASE_MEANINGS[phase]}`}>
            <span className={styles.chip} style={{ background: phaseColour(phase, theme) }} />
            <span className={styles.name}>{phase}</span>
            <span className={styles.value}>
              {formatSeconds(part)} · {formatShare(part, seconds)}
            </span>
          </li>
        ))}
      </ul>
    </div>
  );
}

const getStyles = (theme: GrafanaTheme2) => ({
  strip: css({
    display: 'flex',
    height: 10,
    borderRadius: 3,
    overflow: 'hidden',
    gap: 1,
    '& > div': { minWidth: 2, flexBasis: 0 },
  }),
  legend: css({
    display: 'flex',
    flexWrap: 'wrap',
    gap: theme.spacing(0.25, 2),
    margin: theme.spacing(0.75, 0, 0),
    padding: 0,
    listStyle: 'none',
    fontSize: theme.typography.bodySmall.fontSize,
  }),
  phase: css({ display: 'flex', alignItems: 'center', gap: 6, whiteSpace: 'nowrap' }),
  chip: css({ width: 10, height: 10, borderRadius: 2 }),
  name: css({ fontFamily: theme.typography.fontFamilyMonospace }),
  value: css({ color: theme.colors.text.secondary, fontVariantNumeric: 'tabular-nums' }),
});
