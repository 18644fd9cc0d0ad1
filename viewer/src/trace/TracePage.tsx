// The page of one request: /trace/<id of the request or of its trace>.
import { css } from '@emotion/css';
import type { GrafanaTheme2 } from '@grafana/data';
import { useStyles2 } from '@grafana/ui';
import { useCallback, useEffect } from 'react';

import { Reading } from '../parts/Notice';
import { setSearch, useLocation, useParams } from '../shell/router';
import { MissingTrace } from './MissingTrace';
import { toTab } from './Tabs';
import { TraceView, type Choice } from './TraceView';
import { useTraceData } from './useTraceData';

export default function TracePage() {
  const styles = useStyles2(getStyles);
  const { id = '' } = useParams();
  const { search } = useLocation();
  const data = useTraceData(id);
  const change = useCallback((choice: Partial<Choice>) => {
    const changes: Record<string, string | null> = {};
    for (const [name, value] of Object.entries(choice)) {
      changes[name] = value === '' ? null : value;
    }
    setSearch(changes, { replace: true });
  }, []);
  const { trace } = data;
  useEffect(() => {
    document.title = `Trace ${id.slice(0, 8)} · Serene`;
  }, [id]);
  if (trace.state === 'loading') {
    return <Reading what="the trace" />;
  }
  if (trace.value === undefined) {
    return <MissingTrace data={data} />;
  }
  const choice: Choice = {
    span: search.get('span') ?? '',
    tab: toTab(search.get('tab')),
    find: search.get('find') ?? '',
  };
  return (
    <div className={styles.page}>
      <TraceView data={data} trace={trace.value} choice={choice} onChoice={change} linked={false} />
    </div>
  );
}

const getStyles = (theme: GrafanaTheme2) => ({
  page: css({
    height: 'calc(100vh - 130px)',
    minHeight: 560,
    border: `1px solid ${theme.colors.border.weak}`,
    borderRadius: theme.shape.radius.default,
    overflow: 'hidden',
    containerType: 'inline-size',
  }),
});
