// The field in the header for what a customer sends: the id of a request, in any of its forms.
//
// `/` moves the focus to it from anywhere outside of a field.
import { css } from '@emotion/css';
import { IconButton, Input, useStyles2 } from '@grafana/ui';
import { useEffect, useRef, useState, type FormEvent } from 'react';

import { navigate } from '../shell/router';
import { readIdentifier } from '../trace/identifier';

export function RequestField() {
  const styles = useStyles2(getStyles);
  const input = useRef<HTMLInputElement>(null);
  const [text, setText] = useState('');
  useEffect(() => {
    const focus = (event: KeyboardEvent) => {
      if (event.key === '/' && !event.ctrlKey && !event.metaKey && !isField(event.target)) {
        event.preventDefault();
        input.current?.focus();
        input.current?.select();
      }
    };
    document.addEventListener('keydown', focus);
    return () => document.removeEventListener('keydown', focus);
  }, []);
  const open = (event: FormEvent) => {
    event.preventDefault();
    const identifier = readIdentifier(text);
    if (identifier !== undefined) {
      setText('');
      input.current?.blur();
      navigate(`/trace/${encodeURIComponent(identifier.requestId || identifier.traceId || identifier.text)}`);
    }
  };
  return (
    <form onSubmit={open} role="search" className={styles.form}>
      <Input
        ref={input}
        value={text}
        onChange={(event) => setText(event.currentTarget.value)}
        placeholder="Request id or trace id ( / )"
        aria-label="Open the request with this id"
        aria-keyshortcuts="/"
        autoComplete="off"
        spellCheck={false}
        width={36}
        suffix={
          text === '' ? undefined : (
            <IconButton name="arrow-right" aria-label="Open this request" onClick={open} />
          )
        }
      />
    </form>
  );
}

function isField(target: EventTarget | null): boolean {
  return (
    target instanceof HTMLElement &&
    (target.isContentEditable || ['INPUT', 'TEXTAREA', 'SELECT'].includes(target.tagName))
  );
}

const getStyles = () => ({ form: css({ display: 'flex' }) });
