// The legend of a state timeline: each state with its colour.
import { css } from '@emotion/css';
import type { GrafanaTheme2 } from '@grafana/data';
import { useStyles2 } from '@grafana/ui';

interface State {
  label: string;
  colour: string;
}

export function StateLegend({ states }: { states: readonly State[] }) {
  const styles = useStyles2(getStyles);
  return (
    <ul className={styles.list}>
      {states.map(({ label, colour }) => (
        <li key={label}>
          <span style={{ background: colour }} />
          {label}
        </li>
      ))}
    </ul>
  );
}

const getStyles = (theme: GrafanaTheme2) => ({
  list: css({
    display: 'flex',
    flexWrap: 'wrap',
    gap: theme.spacing(0, 2),
    margin: 0,
    padding: theme.spacing(0.5),
    listStyle: 'none',
    fontSize: theme.typography.bodySmall.fontSize,
    li: { display: 'flex', alignItems: 'center', gap: 6 },
    span: { width: 14, height: 4, borderRadius: 2 },
  }),
});
