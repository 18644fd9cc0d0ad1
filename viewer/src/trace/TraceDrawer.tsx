// A trace beside the board on which its dot was clicked; the board stays as it is.
import { css } from '@emotion/css';
import type { GrafanaTheme2 } from '@grafana/data';
import { IconButton, useStyles2 } from '@grafana/ui';
import { useCallback, useEffect, useRef, useState } from 'react';

import { Reading } from '../parts/Notice';
import { MissingTrace } from './MissingTrace';
import { TraceView, type Choice } from './TraceView';
import { useTraceData } from './useTraceData';

interface Props {
  traceId: string;
  onClose(): void;
}

const NONE: Choice = { span: '', tab: 'span', find: '' };

export function TraceDrawer({ traceId, onClose }: Props) {
  const styles = useStyles2(getStyles);
  const dialog = useRef<HTMLDialogElement>(null);
  const data = useTraceData(traceId);
  const [choice, setChoice] = useState(NONE);
  useEffect(() => setChoice(NONE), [traceId]);
  useEffect(() => {
    // Modal: the browser keeps the focus inside, and gives it back to the dot afterwards.
    dialog.current?.showModal();
  }, []);
  const change = useCallback(
    (part: Partial<Choice>) => setChoice((before) => ({ ...before, ...part })),
    [],
  );
  const { trace } = data;
  return (
    <dialog
      ref={dialog}
      className={styles.drawer}
      aria-label="Trace"
      onClose={onClose}
      onClick={(event) => event.target === dialog.current && dialog.current.close()}
    >
      <div className={styles.content}>
        <IconButton
          name="times"
          size="xl"
          className={styles.close}
          aria-label="Close the trace"
          tooltip="Close (Esc)"
          onClick={() => dialog.current?.close()}
        />
        {trace.state === 'loading' ? (
          <Reading what="the trace" />
        ) : trace.value === undefined ? (
          <div className={styles.scroll}>
            <MissingTrace data={data} />
          </div>
        ) : (
          <TraceView data={data} trace={trace.value} choice={choice} onChoice={change} linked />
        )}
      </div>
    </dialog>
  );
}

const getStyles = (theme: GrafanaTheme2) => ({
  drawer: css({
    position: 'fixed',
    inset: '0 0 0 auto',
    width: 'min(94vw, 1760px)',
    height: '100vh',
    maxWidth: 'none',
    maxHeight: 'none',
    padding: 0,
    border: 'none',
    color: theme.colors.text.primary,
    background: theme.colors.background.primary,
    boxShadow: theme.shadows.z3,
    '&::backdrop': { background: theme.components.overlay.background },
  }),
  content: css({ height: '100%', containerType: 'inline-size', position: 'relative' }),
  close: css({ position: 'absolute', top: theme.spacing(1.5), right: theme.spacing(2), zIndex: 1 }),
  scroll: css({ height: '100%', overflow: 'auto' }),
});
