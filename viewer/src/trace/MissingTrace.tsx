// Where Tempo has no trace: why, and what else is known of the request.
import { css } from '@emotion/css';
import type { GrafanaTheme2 } from '@grafana/data';
import { useStyles2 } from '@grafana/ui';

import { Notice, Reading } from '../parts/Notice';
import { Section } from '../parts/Section';
import { explainMissing } from './lookup';
import { LinesTab, RecordTab } from './Tabs';
import type { TraceData } from './useTraceData';

export function MissingTrace({ data }: { data: TraceData }) {
  const styles = useStyles2(getStyles);
  return (
    <div className={styles.page}>
      <h1 className={styles.title}>Request {data.identifier?.text ?? ''}</h1>
      <Reason data={data} />
    </div>
  );
}

function Reason({ data }: { data: TraceData }) {
  const { identifier, trace, record, lines } = data;
  if (identifier === undefined) {
    return (
      <Notice kind="empty" title="No id">
        Paste the id of a request, as in X-Request-ID, or of a trace.
      </Notice>
    );
  }
  if (trace.state === 'failed') {
    return (
      <>
        <Notice kind="problem" title="Tempo did not answer" onRetry={trace.reload}>
          <p>{trace.problem}</p>
          <p>What the worker recorded and the log lines are below, where they are known.</p>
        </Notice>
        <Others data={data} />
      </>
    );
  }
  if (record.state === 'loading' || lines.state === 'loading') {
    return <Reading what={`what is known of ${identifier.text}`} />;
  }
  const found = record.value?.state === 'found' ? record.value.record : undefined;
  const explanation = explainMissing(
    { traceKept: found?.traceKept, loggedUnixMs: lines.value?.at(-1)?.unixMs },
    Date.now(),
  );
  return (
    <>
      <Notice
        kind="empty"
        title={explanation.title}
        {...(explanation.retry ? { onRetry: trace.reload } : {})}
      >
        {explanation.sentences.map((sentence) => (
          <p key={sentence}>{sentence}</p>
        ))}
      </Notice>
      <Others data={data} />
    </>
  );
}

function Others({ data }: { data: TraceData }) {
  const found = data.record.value?.state === 'found';
  return (
    <>
      {found && (
        <Section title="Record">
          <RecordTab data={data} />
        </Section>
      )}
      {(data.lines.value?.length ?? 0) > 0 && (
        <Section title="Log lines">
          <LinesTab data={data} />
        </Section>
      )}
    </>
  );
}

const getStyles = (theme: GrafanaTheme2) => ({
  page: css({ maxWidth: 1200, margin: '0 auto', padding: theme.spacing(2) }),
  title: css({ margin: 0, fontSize: theme.typography.h3.fontSize, overflowWrap: 'anywhere' }),
});
