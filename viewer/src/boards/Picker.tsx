// A list to choose from: one value, or several and All, found by typing.
import { css } from '@emotion/css';
import type { GrafanaTheme2 } from '@grafana/data';
import { Icon, useStyles2 } from '@grafana/ui';
import { useEffect, useId, useRef, useState, type KeyboardEvent } from 'react';

import { ALL, ALL_TEXT, type Option } from './variables';

interface Props {
  label: string;
  /** What is chosen, in words. */
  text: string;
  options: readonly Option[];
  chosen: readonly string[];
  multi: boolean;
  includeAll: boolean;
  onChange(chosen: string[]): void;
}

const MOST_SHOWN = 200;

/** What is chosen after one option was turned; All and single values exclude each other. */
export function turned(chosen: readonly string[], value: string, multi: boolean): string[] {
  if (!multi || value === ALL) {
    return [value];
  }
  const others = chosen.filter((one) => one !== ALL);
  const left = others.filter((one) => one !== value);
  return left.length < others.length ? left : [...others, value];
}

/** Closes the list when the focus or the pointer goes elsewhere. */
function useOutside(close: () => void, isOpen: boolean) {
  const ref = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const onEvent = (event: Event) => {
      if (isOpen && event.target instanceof Node && !ref.current?.contains(event.target)) {
        close();
      }
    };
    document.addEventListener('pointerdown', onEvent);
    document.addEventListener('focusin', onEvent);
    return () => {
      document.removeEventListener('pointerdown', onEvent);
      document.removeEventListener('focusin', onEvent);
    };
  }, [close, isOpen]);
  return ref;
}

/** Arrow keys move between the options, as in a list. */
function moveFocus(event: KeyboardEvent<HTMLDivElement>): void {
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (step !== undefined) {
    event.preventDefault();
    const stops = [...event.currentTarget.querySelectorAll<HTMLInputElement>('input')];
    const now = stops.indexOf(document.activeElement as HTMLInputElement);
    stops[Math.min(Math.max(now + step, 0), stops.length - 1)]?.focus();
  }
}

export function Picker(props: Props) {
  const { label, text, options, chosen, multi, includeAll, onChange } = props;
  const styles = useStyles2(getStyles);
  const id = useId();
  const [isOpen, setOpen] = useState(false);
  const [filter, setFilter] = useState('');
  const [draft, setDraft] = useState(chosen);
  const button = useRef<HTMLButtonElement>(null);
  // Several values are read once, when the list closes.
  const close = () => {
    setOpen(false);
    setFilter('');
    if (multi && draft.join('\n') !== chosen.join('\n')) {
      onChange([...draft]);
    }
  };
  const ref = useOutside(close, isOpen);
  const all: Option[] = includeAll ? [{ value: ALL, text: ALL_TEXT }] : [];
  const found = [...all, ...options].filter((option) =>
    option.text.toLowerCase().includes(filter.toLowerCase()),
  );
  const pick = (value: string) => {
    const next = turned(draft, value, multi);
    setDraft(next);
    if (!multi) {
      setOpen(false);
      setFilter('');
      onChange(next);
      button.current?.focus();
    }
  };
  const onKeyDown = (event: KeyboardEvent<HTMLDivElement>) => {
    if (event.key === 'Escape') {
      event.preventDefault();
      close();
      button.current?.focus();
    }
    moveFocus(event);
  };
  return (
    <div ref={ref} className={styles.picker}>
      <button
        ref={button}
        type="button"
        className={styles.button}
        aria-haspopup="dialog"
        aria-expanded={isOpen}
        aria-label={`${label}: ${text || 'none'}`}
        onClick={() => (isOpen ? close() : (setDraft(chosen), setOpen(true)))}
      >
        <span>{text || 'none'}</span>
        <Icon name="angle-down" />
      </button>
      {isOpen ? (
        <div role="dialog" aria-label={label} className={styles.list} onKeyDown={onKeyDown}>
          <input
            className={styles.filter}
            aria-label={`Search in ${label}`}
            placeholder="Search"
            autoFocus
            value={filter}
            onChange={(event) => setFilter(event.currentTarget.value)}
          />
          {found.slice(0, MOST_SHOWN).map((option) => (
            <label key={option.value} className={styles.option}>
              <input
                type={multi ? 'checkbox' : 'radio'}
                name={id}
                checked={draft.includes(option.value)}
                onChange={() => pick(option.value)}
              />
              {option.text}
            </label>
          ))}
          {found.length === 0 ? <p className={styles.none}>Nothing found</p> : null}
        </div>
      ) : null}
    </div>
  );
}

const getStyles = (theme: GrafanaTheme2) => ({
  picker: css({ position: 'relative' }),
  button: css({
    display: 'flex',
    alignItems: 'center',
    gap: 4,
    maxWidth: 300,
    padding: '0 8px',
    lineHeight: '30px',
    border: `1px solid ${theme.colors.border.medium}`,
    borderRadius: `0 ${theme.shape.radius.default} ${theme.shape.radius.default} 0`,
    background: theme.components.input.background,
    color: theme.colors.text.primary,
    span: { overflow: 'hidden', textOverflow: 'ellipsis', whiteSpace: 'nowrap' },
  }),
  list: css({
    position: 'absolute',
    zIndex: theme.zIndex.dropdown,
    top: '100%',
    left: 0,
    marginTop: 4,
    minWidth: 220,
    maxWidth: 480,
    maxHeight: 360,
    overflow: 'auto',
    padding: theme.spacing(0.5),
    background: theme.colors.background.elevated ?? theme.colors.background.primary,
    border: `1px solid ${theme.colors.border.medium}`,
    borderRadius: theme.shape.radius.default,
    boxShadow: theme.shadows.z3,
  }),
  filter: css({
    width: '100%',
    padding: '4px 8px',
    marginBottom: 4,
    border: `1px solid ${theme.colors.border.medium}`,
    borderRadius: theme.shape.radius.default,
    background: theme.components.input.background,
    color: theme.colors.text.primary,
  }),
  option: css({
    display: 'flex',
    gap: 8,
    alignItems: 'center',
    margin: 0,
    padding: '4px 8px',
    whiteSpace: 'nowrap',
    cursor: 'pointer',
    '&:hover': { background: theme.colors.action.hover },
  }),
  none: css({ margin: 0, padding: '4px 8px', color: theme.colors.text.secondary }),
});
