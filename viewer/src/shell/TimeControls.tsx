// The time range picker and the refresh picker of the header.
import { css } from '@emotion/css';
import { dateTime, type GrafanaTheme2, type TimeRange } from '@grafana/data';
import { TimeRangePicker, ToolbarButton, useStyles2 } from '@grafana/ui';

import { useTimeRange } from './time';

const INTERVALS = ['5s', '10s', '30s', '1m', '5m', '15m'];

/** The ends of a range that is moved or zoomed around its middle. */
function around(range: TimeRange, shift: number, scale: number) {
  const from = range.from.valueOf();
  const to = range.to.valueOf();
  const middle = (from + to) / 2 + (to - from) * shift;
  const half = ((to - from) / 2) * scale;
  return { from: dateTime(middle - half), to: dateTime(middle + half) };
}

export function TimeControls() {
  const styles = useStyles2(getStyles);
  const { range, refresh, setRange, setRefresh, refreshNow } = useTimeRange();
  return (
    <>
      <TimeRangePicker
        value={range}
        timeZone="browser"
        isOnCanvas
        onChange={(chosen) => setRange(chosen.raw)}
        onChangeTimeZone={() => undefined}
        onMoveBackward={() => setRange(around(range, -0.5, 1))}
        onMoveForward={() => setRange(around(range, 0.5, 1))}
        onZoom={() => setRange(around(range, 0, 2))}
      />
      <div className={styles.refresh}>
        <ToolbarButton
          icon="sync"
          variant="canvas"
          tooltip="Read everything again"
          onClick={refreshNow}
        />
        <select
          aria-label="Read again every"
          value={refresh}
          onChange={(event) => setRefresh(event.currentTarget.value)}
        >
          <option value="">Off</option>
          {[...new Set([...INTERVALS, ...(refresh ? [refresh] : [])])].map((interval) => (
            <option key={interval}>{interval}</option>
          ))}
        </select>
      </div>
    </>
  );
}

const getStyles = (theme: GrafanaTheme2) => ({
  refresh: css({
    display: 'flex',
    select: {
      // Grafana's own styles make it as wide as its parent.
      width: 'auto',
      height: 32,
      padding: '0 8px',
      border: `1px solid ${theme.colors.border.weak}`,
      borderRadius: theme.shape.radius.default,
      background: theme.colors.background.canvas,
      color: theme.colors.text.primary,
    },
  }),
});
