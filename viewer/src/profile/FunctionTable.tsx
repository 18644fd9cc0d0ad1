// Functions by cost: a click finds one in the flame graph.
import { css, cx } from '@emotion/css';
import type { GrafanaTheme2 } from '@grafana/data';
import { Icon, useStyles2 } from '@grafana/ui';
import { useMemo, useState } from 'react';

import { tableStyles } from '../parts/tableStyles';
import { formatMs, formatShare } from '../trace/time';
import { functionCosts, type Box } from './flame';
import { groupColour } from './groups';

const MOST_ROWS = 60;

interface Props {
  boxes: readonly Box[];
  wanted: string;
  onChoose(label: string): void;
}

export function FunctionTable({ boxes, wanted, onChoose }: Props) {
  const styles = useStyles2(tableStyles);
  const own = useStyles2(getStyles);
  const [key, setKey] = useState<'self' | 'total'>('self');
  const costs = useMemo(() => functionCosts(boxes), [boxes]);
  const rows = useMemo(
    () =>
      costs
        .filter((cost) => cost.label.toLowerCase().includes(wanted.trim().toLowerCase()))
        .sort((a, b) => b[key] - a[key])
        .slice(0, MOST_ROWS),
    [costs, wanted, key],
  );
  const whole = boxes[0]?.value ?? 0;
  const header = (name: 'self' | 'total', text: string) => (
    <th scope="col" className={styles.number} aria-sort={key === name ? 'descending' : 'none'}>
      <button type="button" className={styles.sort} onClick={() => setKey(name)}>
        {text} {key === name && <Icon name="arrow-down" size="sm" />}
      </button>
    </th>
  );
  return (
    <div className={styles.scroll}>
      <table className={styles.table}>
        <thead>
          <tr>
            <th scope="col">Function</th>
            {header('self', 'Itself')}
            {header('total', 'With what it called')}
          </tr>
        </thead>
        <tbody>
          {rows.map((cost) => (
            <tr key={cost.label}>
              <td>
                <span className={own.chip} style={{ background: groupColour(cost.label, 1) }} />
                <button type="button" className={own.name} onClick={() => onChoose(cost.label)}>
                  {cost.label}
                </button>
              </td>
              <td className={cx(styles.number)}>
                {formatMs(cost.self / 1e6)} · {formatShare(cost.self, whole)}
              </td>
              <td className={cx(styles.number)}>
                {formatMs(cost.total / 1e6)} · {formatShare(cost.total, whole)}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

const getStyles = (theme: GrafanaTheme2) => ({
  chip: css({ display: 'inline-block', width: 10, height: 10, borderRadius: 2, marginRight: 6 }),
  name: css({
    padding: 0,
    border: 'none',
    background: 'none',
    color: theme.colors.text.primary,
    fontFamily: theme.typography.fontFamilyMonospace,
    fontSize: 'inherit',
    textAlign: 'left',
    overflowWrap: 'anywhere',
    '&:hover': { textDecoration: 'underline' },
  }),
});
