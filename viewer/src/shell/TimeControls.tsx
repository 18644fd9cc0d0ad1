// The time range picker and the refresh picker of the header.
import { dateTime, type TimeRange } from '@grafana/data';
import { RefreshPicker, TimeRangePicker } from '@grafana/ui';

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
      <RefreshPicker
        value={refresh}
        intervals={INTERVALS}
        onIntervalChanged={setRefresh}
        onRefresh={refreshNow}
        tooltip="Read everything again"
        isOnCanvas
      />
    </>
  );
}
