// A runbook, beside the present state of its alert: /runbooks/<name>.
import { css } from '@emotion/css';
import type { GrafanaTheme2 } from '@grafana/data';
import { useStyles2 } from '@grafana/ui';
import { useEffect, useMemo, type MouseEvent } from 'react';

import { getText, SourceError } from '../data-sources/http';
import { Notice, Reading } from '../parts/Notice';
import { useLoad } from '../parts/useLoad';
import { Link, navigate, useParams } from '../shell/router';
import { useTimeRange } from '../shell/time';
import { AlertItem } from './AlertItem';
import { runbookName } from './alerts';
import { readAlerts } from './load';
import { runbookHtml } from './markdown';

const NAME = /^[a-z0-9]+(-[a-z0-9]+)*$/;

export default function RunbookPage() {
  const styles = useStyles2(getStyles);
  const { name = '' } = useParams();
  const { tick } = useTimeRange();
  const text = useLoad((signal) => readRunbook(name, signal), [name]);
  const alerts = useLoad(readAlerts, [tick], { keep: true });
  const html = useMemo(() => (text.value ? runbookHtml(text.value) : ''), [text.value]);
  useEffect(() => {
    document.title = `Runbook ${name} · Serene`;
  }, [name]);
  const rules = (alerts.value?.rules ?? []).filter(
    (rule) => runbookName(rule.annotations['runbook'] ?? '') === name,
  );
  if (text.state === 'failed') {
    return (
      <Notice kind="problem" title="The runbook could not be read" onRetry={text.reload}>
        {text.problem}
      </Notice>
    );
  }
  if (text.state === 'loading') {
    return <Reading what="the runbook" />;
  }
  if (text.value === undefined) {
    return (
      <Notice kind="empty" title={`There is no runbook “${name}”`}>
        Runbooks are the files of docs/runbooks. <Link href="/alerts">All alerts</Link>
      </Notice>
    );
  }
  return (
    <div className={styles.page}>
      <p className={styles.back}>
        <Link href="/alerts">All alerts</Link>
      </p>
      <article
        className={styles.text}
        data-testid="runbook"
        onClick={openInViewer}
        dangerouslySetInnerHTML={{ __html: html }}
      />
      {rules.length > 0 && (
        <ul className={styles.rules} aria-label="Alerts with this runbook">
          {rules.map((rule) => (
            <AlertItem key={`${rule.name}/${rule.severity}`} rule={rule} />
          ))}
        </ul>
      )}
    </div>
  );
}

async function readRunbook(name: string, signal: AbortSignal): Promise<string | undefined> {
  if (!NAME.test(name)) {
    return undefined;
  }
  try {
    return await getText(`/runbooks/${name}.md`, signal);
  } catch (error) {
    if (error instanceof SourceError && error.status === 404) {
      return undefined;
    }
    throw error;
  }
}

/** Links within the text lead as those of the pages do, without loading the page again. */
function openInViewer(event: MouseEvent): void {
  const link = event.target instanceof Element ? event.target.closest('a') : null;
  const href = link?.getAttribute('href') ?? '';
  if (href.startsWith('/') && event.button === 0 && !event.metaKey && !event.ctrlKey && !event.shiftKey) {
    event.preventDefault();
    navigate(href);
  }
}

const getStyles = (theme: GrafanaTheme2) => ({
  page: css({ display: 'flex', flexDirection: 'column', maxWidth: 920, margin: '0 auto' }),
  back: css({ margin: theme.spacing(0, 0, 1), '& a': { color: theme.colors.text.link, textDecoration: 'underline' } }),
  // Above the text, whose heading comes first for who hears the page.
  rules: css({ order: 1, margin: 0, padding: 0, listStyle: 'none' }),
  text: css({
    order: 2,
    padding: theme.spacing(2, 4, 4),
    background: theme.colors.background.primary,
    border: `1px solid ${theme.colors.border.weak}`,
    borderRadius: theme.shape.radius.default,
    fontSize: 15,
    lineHeight: 1.6,
    overflowWrap: 'anywhere',
    '& h1': { fontSize: theme.typography.h2.fontSize, margin: theme.spacing(1, 0, 2) },
    '& h2': { fontSize: theme.typography.h4.fontSize, margin: theme.spacing(3, 0, 1) },
    '& h3': { fontSize: theme.typography.h5.fontSize, margin: theme.spacing(2, 0, 1) },
    '& p, & ul, & ol, & pre, & table': { margin: theme.spacing(0, 0, 1.5) },
    '& ul, & ol': { paddingLeft: theme.spacing(3) },
    '& a': { color: theme.colors.text.link, textDecoration: 'underline' },
    '& pre': { overflowX: 'auto', fontSize: 13 },
    '& code': { fontSize: '0.9em' },
    '& pre code': { margin: 0, padding: 0, border: 0, background: 'none', fontSize: 'inherit' },
    '& table': { borderCollapse: 'collapse', display: 'block', overflowX: 'auto' },
    '& th, & td': {
      padding: theme.spacing(0.5, 1.5, 0.5, 0),
      textAlign: 'left',
      verticalAlign: 'top',
      borderBottom: `1px solid ${theme.colors.border.weak}`,
    },
  }),
});
