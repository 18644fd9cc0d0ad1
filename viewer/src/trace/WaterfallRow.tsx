// One row of the waterfall: the name of the span in its tree, and its bar.
import { css, cx } from '@emotion/css';
import type { GrafanaTheme2 } from '@grafana/data';
import { Icon, useStyles2 } from '@grafana/ui';
import { memo } from 'react';

import { Bar } from './Bar';
import type { Segment } from './criticalPath';
import { textOf, type Span } from './model';
import type { Row } from './tree';
import type { TimeView } from './view';

export const ROW_HEIGHT = 26;
const INDENT = 14;
const DEEPEST_INDENT = 16;

interface Props {
  row: Row;
  index: number;
  view: TimeView;
  colour: string;
  subject: string;
  critical: readonly Segment[];
  selected: boolean;
  matched: boolean;
  dimmed: boolean;
  id: string;
  columns: string;
  onSelect(span: Span): void;
  onToggle(span: Span): void;
}

export const NO_SEGMENTS: readonly Segment[] = [];

export const WaterfallRow = memo(function WaterfallRow(props: Props) {
  const { row, index, view, colour, subject, critical, selected, matched, dimmed, id } = props;
  const { columns, onSelect, onToggle } = props;
  const styles = useStyles2(getStyles);
  const { span, depth, children } = row.node;
  return (
    <div
      role="row"
      id={id}
      aria-rowindex={index + 1}
      aria-level={depth + 1}
      aria-selected={selected}
      aria-expanded={children.length > 0 ? !row.collapsed : undefined}
      className={cx(styles.row, matched && styles.matched, selected && styles.selected, dimmed && styles.dimmed)}
      style={{ top: index * ROW_HEIGHT, gridTemplateColumns: columns }}
      onClick={() => onSelect(span)}
    >
      <div
        role="gridcell"
        className={styles.name}
        style={{ paddingLeft: Math.min(depth, DEEPEST_INDENT) * INDENT }}
      >
        <Toggle row={row} onToggle={onToggle} />
        <span className={styles.subject} style={{ background: colour }} title={subject} />
        {span.failed && <Icon name="exclamation-circle" className={styles.error} title="Failed" />}
        {!span.failed && row.collapsed && row.node.hidesFailure && (
          <Icon name="exclamation-circle" className={styles.hidden} title="A span below failed" />
        )}
        <span className={styles.text} title={`${span.name} (${subject})`}>
          {span.name}
        </span>
        <span className={styles.detail}>{detailOf(span)}</span>
      </div>
      <div role="gridcell" className={styles.bar}>
        <Bar span={span} view={view} colour={colour} critical={critical} />
      </div>
    </div>
  );
});

function Toggle({ row, onToggle }: { row: Row; onToggle(span: Span): void }) {
  const styles = useStyles2(getStyles);
  const { span, children, descendants } = row.node;
  if (children.length === 0) {
    return <span className={styles.leaf} />;
  }
  return (
    <button
      type="button"
      tabIndex={-1}
      className={styles.toggle}
      aria-label={`${row.collapsed ? 'Show' : 'Hide'} the ${descendants} spans below`}
      onClick={(event) => {
        event.stopPropagation();
        onToggle(span);
      }}
    >
      <Icon name={row.collapsed ? 'angle-right' : 'angle-down'} />
      <span className={styles.count}>{row.collapsed ? descendants : ''}</span>
    </button>
  );
}

/** What distinguishes spans of one name: the error, else the status. */
function detailOf(span: Span): string {
  const error = textOf(span.attributes['error.type']);
  return span.failed ? error : textOf(span.attributes['http.response.status_code']);
}

const getStyles = (theme: GrafanaTheme2) => ({
  row: css({
    position: 'absolute',
    left: 0,
    right: 0,
    height: ROW_HEIGHT,
    display: 'grid',
    cursor: 'pointer',
    borderBottom: `1px solid ${theme.colors.border.weak}`,
    '&:hover': { background: theme.colors.background.secondary },
  }),
  matched: css({ background: theme.isDark ? 'rgba(255, 210, 77, 0.16)' : 'rgba(255, 179, 0, 0.18)' }),
  // Not the theme's colour of what is selected: secondary text on it has too little contrast.
  selected: css({
    background: theme.colors.background.secondary,
    boxShadow: `inset 3px 0 0 ${theme.colors.primary.main}`,
    '&:hover': { background: theme.colors.background.secondary },
  }),
  dimmed: css({ opacity: 0.55 }),
  name: css({
    display: 'flex',
    alignItems: 'center',
    minWidth: 0,
    gap: 6,
    paddingRight: theme.spacing(1),
    borderRight: `1px solid ${theme.colors.border.weak}`,
    fontSize: theme.typography.bodySmall.fontSize,
  }),
  leaf: css({ width: 20, flexShrink: 0 }),
  toggle: css({
    display: 'inline-flex',
    alignItems: 'center',
    minWidth: 20,
    height: 20,
    padding: 0,
    border: 'none',
    background: 'none',
    color: theme.colors.text.secondary,
    flexShrink: 0,
  }),
  count: css({ fontSize: 11, fontVariantNumeric: 'tabular-nums' }),
  subject: css({ width: 4, height: 16, borderRadius: 1, flexShrink: 0 }),
  error: css({ color: theme.colors.error.text, flexShrink: 0 }),
  hidden: css({ color: theme.colors.warning.text, flexShrink: 0 }),
  text: css({ overflow: 'hidden', textOverflow: 'ellipsis', whiteSpace: 'nowrap' }),
  detail: css({
    color: theme.colors.text.secondary,
    fontSize: 11,
    whiteSpace: 'nowrap',
    overflow: 'hidden',
    textOverflow: 'ellipsis',
    flexShrink: 3,
  }),
  bar: css({ minWidth: 0 }),
});
