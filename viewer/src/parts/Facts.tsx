// Names with their values, such as the attributes of a span: values wrap, and each can be copied.
import { css } from '@emotion/css';
import type { GrafanaTheme2 } from '@grafana/data';
import { useStyles2 } from '@grafana/ui';
import type { ReactNode } from 'react';

import { Copy } from './Copy';

export interface Fact {
  name: string;
  value: string;
  /** Buttons behind the value. */
  actions?: ReactNode;
  /** Shown instead of the text, such as a link. */
  shown?: ReactNode;
}

export function Facts({ facts }: { facts: readonly Fact[] }) {
  const styles = useStyles2(getStyles);
  return (
    <dl className={styles.list}>
      {facts.map(({ name, value, actions, shown }) => (
        <div key={name} className={styles.fact}>
          <dt className={styles.name}>{name}</dt>
          <dd className={styles.value}>
            {shown ?? <span className={styles.text}>{value}</span>}
            <span className={styles.actions}>
              {actions}
              <Copy text={value} what={name} />
            </span>
          </dd>
        </div>
      ))}
    </dl>
  );
}

const getStyles = (theme: GrafanaTheme2) => ({
  list: css({ margin: 0, fontSize: theme.typography.bodySmall.fontSize }),
  fact: css({
    display: 'grid',
    gridTemplateColumns: 'minmax(110px, 30%) 1fr',
    gap: theme.spacing(1),
    padding: theme.spacing(0.375, 0.5),
    borderBottom: `1px solid ${theme.colors.border.weak}`,
    '&:hover, &:focus-within': { background: theme.colors.background.secondary },
  }),
  name: css({
    margin: 0,
    fontWeight: theme.typography.fontWeightRegular,
    color: theme.colors.text.secondary,
    overflowWrap: 'anywhere',
  }),
  value: css({
    margin: 0,
    display: 'flex',
    gap: theme.spacing(0.5),
    justifyContent: 'space-between',
    minWidth: 0,
  }),
  text: css({
    fontFamily: theme.typography.fontFamilyMonospace,
    overflowWrap: 'anywhere',
    whiteSpace: 'pre-wrap',
    minWidth: 0,
  }),
  actions: css({ display: 'flex', alignItems: 'start', flexShrink: 0 }),
});
