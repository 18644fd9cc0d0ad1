// The field of a query: Enter runs it, Shift and Enter break the line; it grows with its text.
import { css } from '@emotion/css';
import type { GrafanaTheme2 } from '@grafana/data';
import { Button, TextArea, useStyles2 } from '@grafana/ui';
import { useEffect, useState } from 'react';

const MOST_ROWS = 8;

interface Props {
  /** "TraceQL", "LogQL". */
  language: string;
  /** The query that runs. */
  query: string;
  onRun(query: string): void;
}

export function QueryField({ language, query, onRun }: Props) {
  const styles = useStyles2(getStyles);
  const [text, setText] = useState(query);
  useEffect(() => setText(query), [query]);
  const lines = text.split('\n').length;
  return (
    <form
      className={styles.form}
      onSubmit={(event) => {
        event.preventDefault();
        onRun(text.trim());
      }}
    >
      <TextArea
        className={styles.text}
        value={text}
        rows={Math.min(MOST_ROWS, Math.max(lines, Math.ceil(text.length / 140)))}
        spellCheck={false}
        aria-label={`Query in ${language}`}
        onChange={(event) => setText(event.currentTarget.value)}
        onKeyDown={(event) => {
          if (event.key === 'Enter' && !event.shiftKey) {
            event.preventDefault();
            onRun(text.trim());
          }
        }}
      />
      <Button type="submit" icon="play">
        Run
      </Button>
    </form>
  );
}

const getStyles = (theme: GrafanaTheme2) => ({
  form: css({ display: 'flex', gap: theme.spacing(1), alignItems: 'start', marginBottom: theme.spacing(1) }),
  text: css({
    flex: 1,
    fontFamily: theme.typography.fontFamilyMonospace,
    fontSize: theme.typography.bodySmall.fontSize,
    resize: 'vertical',
  }),
});
