// What stands beside the waterfall, and in its place where there is no trace: record and log lines.
import { css } from '@emotion/css';
import type { GrafanaTheme2 } from '@grafana/data';
import { useStyles2 } from '@grafana/ui';

import { LogList } from '../logs/LogList';
import { linesOfRequest } from '../logs/logql';
import { Notice, Reading } from '../parts/Notice';
import { RecordPanel } from '../record/RecordPanel';
import { Link } from '../shell/router';
import type { TraceData } from './useTraceData';

export const TABS = ['span', 'record', 'lines'] as const;
export type TabName = (typeof TABS)[number];

export function toTab(text: string | null): TabName {
  return TABS.find((name) => name === text) ?? 'span';
}

export function RecordTab({ data: { record } }: { data: TraceData }) {
  const styles = useStyles2(getStyles);
  const found = record.value;
  if (record.state === 'failed') {
    return (
      <div className={styles.pad}>
        <Notice compact kind="problem" title="The workers could not be asked" onRetry={record.reload}>
          {record.problem}
        </Notice>
      </div>
    );
  }
  if (found === undefined) {
    return <Reading what="the record" />;
  }
  if (found.state === 'found') {
    return <RecordPanel record={found.record} slot={found.slot} />;
  }
  const silent = found.silentSlots;
  return (
    <div className={styles.pad}>
      <Notice compact kind="empty" title="No worker holds a record of this request" onRetry={record.reload}>
        <p>
          A worker keeps requests in flight, and those that were slow, failed or cut, until newer ones
          need their memory or the worker ends.
        </p>
        {silent.length > 0 && (
          <p>
            {silent.length === 1 ? `Worker ${silent[0]} does` : `Workers ${silent.join(', ')} do`} not
            answer, and may hold it.
          </p>
        )}
      </Notice>
    </div>
  );
}

export function LinesTab({ data, beganUnixMs }: { data: TraceData; beganUnixMs?: number }) {
  const styles = useStyles2(getStyles);
  const { lines, ids } = data;
  if (lines.state === 'failed') {
    return (
      <div className={styles.pad}>
        <Notice compact kind="problem" title="Loki did not answer" onRetry={lines.reload}>
          <p>{lines.problem}</p>
          <p>The lines are also in the log of the service: ./serene trace {ids[0]}</p>
        </Notice>
      </div>
    );
  }
  if (lines.value === undefined) {
    return <Reading what="the log lines" />;
  }
  if (lines.value.length === 0) {
    return (
      <div className={styles.pad}>
        <Notice compact kind="empty" title="Loki has no line with this id" onRetry={lines.reload}>
          Lines take a second or two to arrive; Loki keeps them for seven days.
        </Notice>
      </div>
    );
  }
  const query = encodeURIComponent(linesOfRequest(ids));
  const first = lines.value[0]!.unixMs;
  const last = lines.value.at(-1)!.unixMs;
  return (
    <div>
      <p className={styles.line}>
        {beganUnixMs !== undefined && 'Times since the trace began. '}
        <Link
          href={`/logs?q=${query}&from=${Math.floor(first - 60_000)}&to=${Math.ceil(last + 60_000)}`}
          className={styles.link}
        >
          Open in Logs
        </Link>
      </p>
      <LogList lines={lines.value} linked={false} {...(beganUnixMs === undefined ? {} : { relativeTo: beganUnixMs })} />
    </div>
  );
}

const getStyles = (theme: GrafanaTheme2) => ({
  pad: css({ padding: theme.spacing(1, 1.5) }),
  line: css({
    margin: 0,
    padding: theme.spacing(1, 1.5),
    fontSize: theme.typography.bodySmall.fontSize,
    color: theme.colors.text.secondary,
  }),
  link: css({ color: theme.colors.text.link, textDecoration: 'underline' }),
});
