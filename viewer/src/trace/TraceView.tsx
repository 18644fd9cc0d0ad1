// A trace with all that belongs to it: the conclusion, the waterfall, and beside it the selected span,
// what the worker recorded, and the log lines.
import { css } from '@emotion/css';
import type { GrafanaTheme2 } from '@grafana/data';
import { Tab, TabsBar, useStyles2 } from '@grafana/ui';
import { useMemo, useState } from 'react';

import type { Trace } from './model';
import { LinesTab, RecordTab, TABS, type TabName } from './Tabs';
import { SpanDetail } from './SpanDetail';
import { TraceHeader } from './TraceHeader';
import type { TraceData } from './useTraceData';
import { mainSpan } from './verdict';
import { Waterfall } from './Waterfall';

export interface Choice {
  span: string;
  tab: TabName;
  find: string;
}

interface Props {
  data: TraceData;
  trace: Trace;
  choice: Choice;
  onChoice(change: Partial<Choice>): void;
  /** Whether the heading links to the page of the trace. */
  linked: boolean;
}

export function TraceView({ data, trace, choice, onChoice, linked }: Props) {
  const styles = useStyles2(getStyles);
  const [showCritical, setShowCritical] = useState(true);
  const main = useMemo(() => mainSpan(trace), [trace]);
  const selected = trace.spans.find((span) => span.spanId === choice.span) ?? main;
  const select = useMemo(() => (span: string) => onChoice({ span, tab: 'span' }), [onChoice]);
  return (
    <div className={styles.view} data-testid="trace">
      <TraceHeader trace={trace} onSelect={select} linked={linked} />
      <div className={styles.body}>
        <Waterfall
          trace={trace}
          selected={selected.spanId}
          onSelect={select}
          wanted={choice.find}
          onWanted={(find) => onChoice({ find })}
          showCritical={showCritical}
          onShowCritical={setShowCritical}
        />
        <aside className={styles.side} aria-label="Details">
          <TabsBar>
            {TABS.map((name) => (
              <Tab
                key={name}
                label={LABELS[name]}
                active={choice.tab === name}
                counter={name === 'lines' ? data.lines.value?.length : undefined}
                onChangeTab={(event) => {
                  event?.preventDefault();
                  onChoice({ tab: name });
                }}
              />
            ))}
          </TabsBar>
          <div className={styles.panel} role="tabpanel" aria-label={LABELS[choice.tab]} tabIndex={0}>
            {choice.tab === 'span' && <SpanDetail trace={trace} span={selected} />}
            {choice.tab === 'record' && <RecordTab data={data} />}
            {choice.tab === 'lines' && <LinesTab data={data} beganUnixMs={trace.beganUnixMs} />}
          </div>
        </aside>
      </div>
    </div>
  );
}

const LABELS: Readonly<Record<TabName, string>> = {
  span: 'Span',
  record: 'Record',
  lines: 'Log lines',
};

const getStyles = (theme: GrafanaTheme2) => ({
  view: css({ display: 'flex', flexDirection: 'column', height: '100%', minHeight: 0 }),
  body: css({
    flex: 1,
    display: 'flex',
    minHeight: 0,
    '@container (max-width: 900px)': { flexDirection: 'column' },
  }),
  side: css({
    display: 'flex',
    flexDirection: 'column',
    width: 'clamp(340px, 36%, 620px)',
    minHeight: 0,
    borderLeft: `1px solid ${theme.colors.border.weak}`,
    background: theme.colors.background.primary,
    '@container (max-width: 900px)': { width: 'auto', maxHeight: '50%' },
  }),
  panel: css({
    flex: 1,
    overflowY: 'auto',
    minHeight: 0,
    '&:focus-visible': { outline: `2px solid ${theme.colors.primary.main}`, outlineOffset: -2 },
  }),
});
