// What a worker recorded of a request: when it spent its time in what, what it waited for and who had
// it, stacks, events, and its log lines of any level.
import { css } from '@emotion/css';
import type { GrafanaTheme2 } from '@grafana/data';
import { Icon, useStyles2, useTheme2 } from '@grafana/ui';

import { Facts } from '../parts/Facts';
import { Section } from '../parts/Section';
import { LogList } from '../logs/LogList';
import { levelOf, type LogLine } from '../logs/loki';
import { phaseColour } from '../trace/colours';
import { EventList } from '../trace/EventList';
import { byLength, PHASE_MEANINGS } from '../trace/phases';
import { formatSeconds, formatShare } from '../trace/time';
import { factsOf, segmentsOfRecord, summaryOf, type RecordLine, type RequestRecord, type Snapshot } from './record';

interface Props {
  record: RequestRecord;
  slot: number;
}

export function RecordPanel({ record, slot }: Props) {
  const styles = useStyles2(getStyles);
  const began = record.beganUnixSeconds;
  return (
    <div className={styles.record} data-testid="record">
      <h2 className={styles.title}>
        {record.method} {record.route}
      </h2>
      <p className={styles.line}>
        {summaryOf(record)} Recorded by worker {slot}, {formatSeconds(record.durationSeconds)}.
      </p>
      <Section title="Phases">
        <PhaseChart record={record} />
      </Section>
      {record.snapshots.length > 0 && (
        <Section title={`Snapshots (${record.snapshots.length})`}>
          {record.snapshots.map((snapshot, number) => (
            <SnapshotItem
              key={number}
              snapshot={snapshot}
              before={record.snapshots[number - 1]}
            />
          ))}
        </Section>
      )}
      {record.events.length > 0 && (
        <Section title={`Events (${record.events.length})`}>
          <EventList
            fromMs={0}
            events={record.events.map(({ name, unixSeconds, attributes }) => ({
              name,
              atMs: (unixSeconds - began) * 1000,
              attributes,
            }))}
          />
        </Section>
      )}
      {record.logLines.length > 0 && (
        <Section title={`Log lines of any level (${record.logLines.length})`}>
          <LogList lines={record.logLines.map(lineOf)} relativeTo={began * 1000} linked={false} />
          {record.logLinesLeftOut > 0 && (
            <p className={styles.line}>{record.logLinesLeftOut} more were left out.</p>
          )}
        </Section>
      )}
      <Section title="Facts">
        <Facts facts={factsOf(record).map(([name, value]) => ({ name, value }))} />
      </Section>
    </div>
  );
}

/** One row a phase, each with the times in which the request was in it. */
function PhaseChart({ record }: { record: RequestRecord }) {
  const styles = useStyles2(getStyles);
  const theme = useTheme2();
  const total = Math.max(record.durationSeconds, 1e-6);
  const parts = segmentsOfRecord(record);
  return (
    <div role="img" aria-label={chartLabel(record)}>
      {byLength(record.phaseSeconds).map(([phase, seconds]) => (
        <div key={phase} className={styles.phase} title={`${phase}: it ${PHASE_MEANINGS[phase]}`}>
          <span className={styles.phaseName}>{phase}</span>
          <span className={styles.track}>
            {parts
              .filter((part) => part.phase === phase)
              .map(({ fromSeconds, seconds: length }) => (
                <span
                  key={fromSeconds}
                  className={styles.bar}
                  style={{
                    left: `${(fromSeconds / total) * 100}%`,
                    width: `max(2px, ${(length / total) * 100}%)`,
                    background: phaseColour(phase, theme),
                  }}
                />
              ))}
          </span>
          <span className={styles.value}>
            {formatSeconds(seconds)} · {formatShare(seconds, total)}
          </span>
        </div>
      ))}
    </div>
  );
}

function chartLabel(record: RequestRecord): string {
  const parts = byLength(record.phaseSeconds).map(([phase, each]) => `${phase} ${formatSeconds(each)}`);
  return `Time by phase: ${parts.join(', ')}`;
}

function SnapshotItem({ snapshot, before }: { snapshot: Snapshot; before: Snapshot | undefined }) {
  const styles = useStyles2(getStyles);
  const same = before !== undefined && JSON.stringify(before.stacks) === JSON.stringify(snapshot.stacks);
  return (
    <div className={styles.snapshot}>
      <p className={styles.state}>
        <span className={styles.at}>at {formatSeconds(snapshot.ageSeconds)}</span> {snapshot.state}
      </p>
      {snapshot.openWaits.flatMap((wait) =>
        wait.heldBy.map((holder) => (
          <p key={holder} className={styles.holder}>
            <Icon name="lock" size="sm" /> held by {holder}
          </p>
        )),
      )}
      {same ? (
        <p className={styles.holder}>Stacks as before.</p>
      ) : (
        snapshot.stacks.map((stack, number) => (
          <details key={number} open={number === 0 && before === undefined}>
            <summary>
              {stack.greenlet} greenlet, {stack.state}: {stack.frames.at(-1) ?? 'no frames'}
            </summary>
            <pre className={styles.stack} tabIndex={0} aria-label={`Stack of the ${stack.greenlet} greenlet`}>
              {stack.frames.join('\n')}
            </pre>
          </details>
        ))
      )}
    </div>
  );
}

function lineOf(line: RecordLine, number: number): LogLine {
  const { time, level, logger, message, ...members } = line;
  const fields = Object.entries(members).map(([name, value]): [string, string] => [
    name,
    typeof value === 'string' ? value : JSON.stringify(value),
  ]);
  return {
    key: String(number),
    ns: '',
    unixMs: Date.parse(time),
    level: levelOf(level),
    ...{ message, logger, service: '', instance: '', traceId: '', requestId: '' },
    raw: JSON.stringify(line),
    fields: Object.fromEntries(fields),
  };
}

const getStyles = (theme: GrafanaTheme2) => ({
  record: css({ padding: theme.spacing(1.5) }),
  title: css({ margin: 0, fontSize: theme.typography.h5.fontSize, overflowWrap: 'anywhere' }),
  line: css({
    margin: theme.spacing(0.25, 0, 1),
    color: theme.colors.text.secondary,
    fontSize: theme.typography.bodySmall.fontSize,
  }),
  phase: css({
    display: 'grid',
    gridTemplateColumns: '96px 1fr 110px',
    gap: theme.spacing(1),
    alignItems: 'center',
    height: 22,
    fontSize: theme.typography.bodySmall.fontSize,
  }),
  phaseName: css({ fontFamily: theme.typography.fontFamilyMonospace }),
  track: css({
    position: 'relative',
    height: 12,
    background: theme.colors.background.secondary,
    borderRadius: 2,
  }),
  bar: css({ position: 'absolute', top: 0, bottom: 0, borderRadius: 2 }),
  value: css({ textAlign: 'right', fontVariantNumeric: 'tabular-nums' }),
  snapshot: css({
    padding: theme.spacing(0.75, 1),
    marginBottom: theme.spacing(1),
    background: theme.colors.background.secondary,
    borderRadius: theme.shape.radius.default,
    fontSize: theme.typography.bodySmall.fontSize,
    '& summary': { cursor: 'pointer', color: theme.colors.text.secondary, overflowWrap: 'anywhere' },
  }),
  state: css({ margin: 0, overflowWrap: 'anywhere' }),
  at: css({ color: theme.colors.text.secondary, fontVariantNumeric: 'tabular-nums' }),
  holder: css({ margin: theme.spacing(0.25, 0), color: theme.colors.text.secondary, overflowWrap: 'anywhere' }),
  stack: css({
    margin: theme.spacing(0.5, 0),
    padding: theme.spacing(0.75, 1),
    maxHeight: 260,
    overflow: 'auto',
    fontSize: 11,
    lineHeight: 1.5,
    background: theme.colors.background.canvas,
    border: `1px solid ${theme.colors.border.weak}`,
  }),
});
