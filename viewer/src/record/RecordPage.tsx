// The page of what a worker recorded of a request: /record/<request id>.
import { css } from '@emotion/css';
import type { GrafanaTheme2 } from '@grafana/data';
import { useStyles2 } from '@grafana/ui';
import { useMemo } from 'react';

import { viewerModel } from '../boards/sources';
import { Notice, Reading } from '../parts/Notice';
import { Page } from '../parts/Page';
import { getOrNothing } from '../parts/read';
import { useLoad } from '../parts/useLoad';
import { Link, useParams } from '../shell/router';
import { readIdentifier } from '../trace/identifier';
import { findRecord } from './findRecord';
import { RecordPanel } from './RecordPanel';

export default function RecordPage() {
  const styles = useStyles2(getStyles);
  const { id = '' } = useParams();
  const identifier = useMemo(() => readIdentifier(id), [id]);
  const found = useLoad(
    async (signal) => {
      const ids = [identifier?.requestId ?? '', identifier?.traceId ?? ''].filter(Boolean);
      const { slots } = await viewerModel();
      return findRecord(ids, slots, (path) => getOrNothing(path, signal));
    },
    [identifier],
  );
  const trace = <Link href={`/trace/${encodeURIComponent(id)}`}>Trace and log lines</Link>;
  return (
    <Page title="Recorded request" lead={id} actions={<span className={styles.link}>{trace}</span>}>
      {found.state === 'failed' ? (
        <Notice kind="problem" title="The workers could not be asked" onRetry={found.reload}>
          {found.problem}
        </Notice>
      ) : found.value === undefined ? (
        <Reading what="the record" />
      ) : found.value.state === 'found' ? (
        <div className={styles.record}>
          <RecordPanel record={found.value.record} slot={found.value.slot} />
        </div>
      ) : (
        <Notice kind="empty" title="No worker holds a record of this request" onRetry={found.reload}>
          <p>
            A worker keeps requests in flight, and those that were slow, failed or cut, until newer ones
            need their memory or the worker ends.
          </p>
        </Notice>
      )}
    </Page>
  );
}

const getStyles = (theme: GrafanaTheme2) => ({
  record: css({
    background: theme.colors.background.primary,
    border: `1px solid ${theme.colors.border.weak}`,
    borderRadius: theme.shape.radius.default,
  }),
  link: css({ '& a': { color: theme.colors.text.link, textDecoration: 'underline' } }),
});
