// Above the waterfall: search in the spans, the critical path, collapse, and whose colour is whose.
import { css } from '@emotion/css';
import type { GrafanaTheme2 } from '@grafana/data';
import { Button, IconButton, InlineSwitch, Input, useStyles2 } from '@grafana/ui';

interface Props {
  wanted: string;
  onWanted(text: string): void;
  matches: readonly string[];
  selected: string;
  onSelect(spanId: string): void;
  showCritical: boolean;
  onShowCritical(shown: boolean): void;
  colours: ReadonlyMap<string, string>;
  onExpand(): void;
  onCollapse(): void;
  spans: number;
}

export function WaterfallTools(props: Props) {
  const { wanted, onWanted, matches, selected, onSelect, showCritical, onShowCritical } = props;
  const styles = useStyles2(getStyles);
  const at = matches.indexOf(selected);
  const go = (step: 1 | -1) => {
    const from = at < 0 && step < 0 ? 0 : at;
    const next = matches[(from + step + matches.length) % matches.length];
    if (next !== undefined) {
      onSelect(next);
    }
  };
  const count = matches.length === 0 ? 'none' : at < 0 ? `${matches.length}` : `${at + 1}/${matches.length}`;
  return (
    <div className={styles.tools}>
      <div className={styles.search}>
        <Input
          value={wanted}
          width={28}
          placeholder="Find in the spans"
          aria-label="Find in the spans"
          onChange={(event) => onWanted(event.currentTarget.value)}
          onKeyDown={(event) => {
            if (event.key === 'Enter' && matches.length > 0) {
              go(event.shiftKey ? -1 : 1);
            }
          }}
          suffix={wanted === '' ? undefined : <span aria-live="polite">{count}</span>}
        />
        <IconButton
          name="angle-up"
          aria-label="Previous match"
          disabled={matches.length === 0}
          onClick={() => go(-1)}
        />
        <IconButton
          name="angle-down"
          aria-label="Next match"
          disabled={matches.length === 0}
          onClick={() => go(1)}
        />
      </div>
      <InlineSwitch
        label="Critical path"
        showLabel
        transparent
        value={showCritical}
        onChange={(event) => onShowCritical(event.currentTarget.checked)}
        id="critical-path"
      />
      <Button variant="secondary" fill="text" size="sm" icon="angle-double-down" onClick={props.onExpand}>
        Expand all
      </Button>
      <Button variant="secondary" fill="text" size="sm" icon="angle-double-right" onClick={props.onCollapse}>
        Collapse all
      </Button>
      <ul className={styles.legend} aria-label="Colours">
        {[...props.colours].map(([name, colour]) => (
          <li key={name} className={styles.subject}>
            <span className={styles.chip} style={{ background: colour }} />
            {name}
          </li>
        ))}
      </ul>
    </div>
  );
}

const getStyles = (theme: GrafanaTheme2) => ({
  tools: css({
    display: 'flex',
    flexWrap: 'wrap',
    alignItems: 'center',
    gap: theme.spacing(0.5, 1),
    padding: theme.spacing(1),
    borderBottom: `1px solid ${theme.colors.border.weak}`,
  }),
  search: css({ display: 'flex', alignItems: 'center', gap: theme.spacing(0.5) }),
  legend: css({
    display: 'flex',
    flexWrap: 'wrap',
    gap: theme.spacing(1.5),
    margin: 0,
    marginLeft: 'auto',
    padding: 0,
    listStyle: 'none',
    fontSize: theme.typography.bodySmall.fontSize,
    color: theme.colors.text.secondary,
  }),
  subject: css({ display: 'flex', alignItems: 'center', gap: 6 }),
  chip: css({ width: 10, height: 10, borderRadius: 2 }),
});
