// What a page shows where it has no data: that it reads, why it is empty, or what failed.
import { css } from '@emotion/css';
import type { GrafanaTheme2 } from '@grafana/data';
import { Button, Icon, Spinner, useStyles2, type IconName } from '@grafana/ui';
import type { ReactNode } from 'react';

export function Reading({ what }: { what: string }) {
  const styles = useStyles2(getStyles);
  return (
    <div className={styles.reading} role="status">
      <Spinner inline /> Reading {what} …
    </div>
  );
}

interface Props {
  title: string;
  /** `problem`: something failed; `empty`: there is nothing. */
  kind: 'problem' | 'empty';
  children?: ReactNode;
  onRetry?: () => void;
  compact?: boolean;
}

export function Notice({ title, kind, children, onRetry, compact = false }: Props) {
  const styles = useStyles2(getStyles);
  const icon: IconName = kind === 'problem' ? 'exclamation-triangle' : 'info-circle';
  return (
    <div
      className={compact ? styles.compact : styles.notice}
      role={kind === 'problem' ? 'alert' : 'status'}
    >
      <div className={kind === 'problem' ? styles.problem : styles.empty}>
        <Icon name={icon} size={compact ? 'md' : 'xl'} />
      </div>
      <div>
        <p className={styles.title}>{title}</p>
        {children !== undefined && <div className={styles.text}>{children}</div>}
        {onRetry !== undefined && (
          <Button variant="secondary" size="sm" icon="sync" onClick={onRetry}>
            Try again
          </Button>
        )}
      </div>
    </div>
  );
}

const getStyles = (theme: GrafanaTheme2) => ({
  reading: css({
    display: 'flex',
    gap: theme.spacing(1),
    alignItems: 'center',
    padding: theme.spacing(2),
    color: theme.colors.text.secondary,
  }),
  notice: css({
    display: 'flex',
    gap: theme.spacing(2),
    maxWidth: 720,
    margin: theme.spacing(4, 'auto'),
    padding: theme.spacing(3),
    borderRadius: theme.shape.radius.default,
    border: `1px solid ${theme.colors.border.weak}`,
    background: theme.colors.background.primary,
  }),
  compact: css({
    display: 'flex',
    gap: theme.spacing(1),
    padding: theme.spacing(1.5, 0),
  }),
  problem: css({ color: theme.colors.error.text }),
  empty: css({ color: theme.colors.info.text }),
  title: css({ fontWeight: theme.typography.fontWeightMedium, margin: 0 }),
  text: css({
    color: theme.colors.text.secondary,
    margin: theme.spacing(0.5, 0, 1),
    '& p': { margin: theme.spacing(0, 0, 0.5) },
  }),
});
