// Inspection of a panel: its data as a table, its queries as they were sent, its JSON.
import { css } from '@emotion/css';
import { toCSV, type DataFrame, type GrafanaTheme2 } from '@grafana/data';
import { Button, Drawer, Tab, TabsBar, useStyles2 } from '@grafana/ui';
import { useEffect, useMemo, useState } from 'react';

import { readPanel, type Read } from '../panels/read';
import { wasAborted } from '../data-sources/http';
import { setSearch, useLocation } from '../shell/router';
import type { Snapshot } from './load';
import type { Panel } from './model';

const TABS = ['data', 'query', 'json'] as const;
const POINTS = 1000;
const ROWS = 500;

function Data({ frames }: { frames: readonly DataFrame[] }) {
  const styles = useStyles2(getStyles);
  const save = () => {
    const link = document.createElement('a');
    link.href = URL.createObjectURL(new Blob([toCSV([...frames])], { type: 'text/csv' }));
    link.download = 'data.csv';
    link.click();
    URL.revokeObjectURL(link.href);
  };
  return (
    <>
      <Button size="sm" icon="download-alt" onClick={save}>
        Download CSV
      </Button>
      {frames.map((frame, index) => (
        <div key={index} className={styles.scroll} tabIndex={0} role="region" aria-label={`Frame ${index + 1}`}>
          <table>
            <caption>{frame.name ?? `Frame ${index + 1}`}</caption>
            <thead>
              <tr>
                {frame.fields.map((field) => (
                  <th key={field.name} scope="col">
                    {field.config.displayNameFromDS ?? field.name}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {Array.from({ length: Math.min(frame.length, ROWS) }, (_, row) => (
                <tr key={row}>
                  {frame.fields.map((field) => (
                    <td key={field.name}>{cell(field.type, field.values[row])}</td>
                  ))}
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      ))}
    </>
  );
}

function cell(type: string, value: unknown): string {
  if (type === 'time') {
    return new Date(Number(value)).toISOString();
  }
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}

function Queries({ read }: { read: Read }) {
  const styles = useStyles2(getStyles);
  return (
    <>
      {read.sent.map(({ refId, source, query, step, milliseconds }) => (
        <section key={refId} aria-label={`Query ${refId}`}>
          <h3>
            {refId} · {source} · {step === undefined ? '' : `step ${step / 1000} s · `}
            {milliseconds.toFixed(0)} ms
          </h3>
          <pre className={styles.code}>{query}</pre>
        </section>
      ))}
    </>
  );
}

export function Inspect({ panel, snapshot }: { panel: Panel; snapshot: Snapshot }) {
  const styles = useStyles2(getStyles);
  const { search } = useLocation();
  const tab = search.get('inspectTab') ?? 'data';
  const [read, setRead] = useState<Read>();
  const [error, setError] = useState('');
  const { reading } = snapshot;
  useEffect(() => {
    const abort = new AbortController();
    const { variables, range, viewer } = reading;
    readPanel(panel, {
      variables,
      range,
      sources: viewer.dataSources,
      points: POINTS,
      signal: abort.signal,
    }).then(setRead, (reason: unknown) => wasAborted(reason) || setError(String(reason)));
    return () => abort.abort();
  }, [panel, reading]);
  const json = useMemo(() => JSON.stringify(panel, null, 2), [panel]);
  const close = () => setSearch({ inspect: null, inspectTab: null });
  return (
    <Drawer title={`Inspect: ${panel.title ?? panel.id}`} onClose={close} size="lg">
      <TabsBar>
        {TABS.map((name) => (
          <Tab
            key={name}
            label={{ data: 'Data', query: 'Query', json: 'JSON' }[name]}
            active={tab === name}
            onChangeTab={() => setSearch({ inspectTab: name }, { replace: true })}
          />
        ))}
      </TabsBar>
      <div className={styles.body}>
        {error !== '' ? <p role="alert">{error}</p> : null}
        {tab === 'data' && read ? <Data frames={read.frames} /> : null}
        {tab === 'query' && read ? <Queries read={read} /> : null}
        {tab === 'json' ? <pre className={styles.code}>{json}</pre> : null}
      </div>
    </Drawer>
  );
}

const getStyles = (theme: GrafanaTheme2) => ({
  body: css({ padding: theme.spacing(2, 0), h3: { fontSize: 14 } }),
  code: css({ whiteSpace: 'pre-wrap', wordBreak: 'break-word', fontSize: 12 }),
  scroll: css({
    maxHeight: 400,
    overflow: 'auto',
    margin: theme.spacing(1, 0),
    'td, th': { padding: theme.spacing(0.25, 1), textAlign: 'left', whiteSpace: 'nowrap' },
    caption: { captionSide: 'top', textAlign: 'left', color: theme.colors.text.secondary },
  }),
});
