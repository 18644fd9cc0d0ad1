// The frame of a page: its heading, what can be chosen, and its content.
import { css } from '@emotion/css';
import type { GrafanaTheme2 } from '@grafana/data';
import { useStyles2 } from '@grafana/ui';
import { useEffect, type ReactNode } from 'react';

interface Props {
  title: string;
  /** One sentence below the heading. */
  lead?: string;
  actions?: ReactNode;
  children: ReactNode;
}

export function Page({ title, lead, actions, children }: Props) {
  const styles = useStyles2(getStyles);
  useEffect(() => {
    document.title = `${title} · Serene`;
  }, [title]);
  return (
    <div>
      <div className={styles.head}>
        <div>
          <h1 className={styles.title}>{title}</h1>
          {lead !== undefined && <p className={styles.lead}>{lead}</p>}
        </div>
        <div className={styles.actions}>{actions}</div>
      </div>
      {children}
    </div>
  );
}

const getStyles = (theme: GrafanaTheme2) => ({
  head: css({
    display: 'flex',
    flexWrap: 'wrap',
    justifyContent: 'space-between',
    alignItems: 'start',
    gap: theme.spacing(1, 2),
    marginBottom: theme.spacing(1.5),
  }),
  title: css({ margin: 0, fontSize: theme.typography.h3.fontSize }),
  lead: css({ margin: theme.spacing(0.25, 0, 0), color: theme.colors.text.secondary }),
  actions: css({ display: 'flex', flexWrap: 'wrap', alignItems: 'center', gap: theme.spacing(1) }),
});
