// What a panel without values shows in their place.
import { css } from '@emotion/css';
import type { GrafanaTheme2 } from '@grafana/data';
import { useStyles2 } from '@grafana/ui';

export function Message({ text }: { text: string }) {
  const styles = useStyles2(getStyles);
  return (
    <p className={styles.message} data-testid="no-data">
      {text}
    </p>
  );
}

const getStyles = (theme: GrafanaTheme2) => ({
  message: css({
    display: 'flex',
    alignItems: 'center',
    justifyContent: 'center',
    height: '100%',
    margin: 0,
    padding: theme.spacing(1),
    textAlign: 'center',
    color: theme.colors.text.secondary,
  }),
});
