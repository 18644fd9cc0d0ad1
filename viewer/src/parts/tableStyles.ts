// The look of a plain table.
import { css } from '@emotion/css';
import type { GrafanaTheme2 } from '@grafana/data';

export const tableStyles = (theme: GrafanaTheme2) => ({
  scroll: css({
    overflowX: 'auto',
    background: theme.colors.background.primary,
    border: `1px solid ${theme.colors.border.weak}`,
    borderRadius: theme.shape.radius.default,
  }),
  table: css({
    width: '100%',
    borderCollapse: 'collapse',
    fontSize: theme.typography.bodySmall.fontSize,
    fontVariantNumeric: 'tabular-nums',
    '& th, & td': {
      padding: theme.spacing(0.625, 1),
      textAlign: 'left',
      verticalAlign: 'top',
      borderBottom: `1px solid ${theme.colors.border.weak}`,
    },
    '& thead th': {
      color: theme.colors.text.secondary,
      fontWeight: theme.typography.fontWeightMedium,
      whiteSpace: 'nowrap',
      background: theme.colors.background.secondary,
    },
    '& tbody tr:hover': { background: theme.colors.background.secondary },
    '& a': { color: theme.colors.text.link, textDecoration: 'underline' },
  }),
  number: css({ textAlign: 'right !important' as 'right', whiteSpace: 'nowrap' }),
  sort: css({
    border: 'none',
    background: 'none',
    padding: 0,
    font: 'inherit',
    color: 'inherit',
    display: 'inline-flex',
    alignItems: 'center',
    '&:hover': { color: theme.colors.text.primary },
  }),
});
