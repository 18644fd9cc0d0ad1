// A flame graph: callers above what they call, each box as wide as its time. A click shows a box at
// full width; arrows walk through callers and callees.
//
// Ours: of @grafana/flamegraph no release goes with @grafana/ui 13.2 and React 19 (13.0.1 would bring a
// second copy of both), and it draws on a canvas, which a keyboard cannot reach.
import { css, cx } from '@emotion/css';
import type { GrafanaTheme2 } from '@grafana/data';
import { Button, useStyles2 } from '@grafana/ui';
import {
  memo,
  useEffect,
  useMemo,
  useRef,
  useState,
  type KeyboardEvent,
  type SyntheticEvent,
} from 'react';

import { formatMs, formatShare } from '../trace/time';
import { drawnBoxes, flameBoxes, type Box, type Drawn } from './flame';
import { FunctionTable } from './FunctionTable';
import { groupColour } from './groups';
import type { ProfileStack } from './pprof';

const ROW = 20;
// About two pixels.
const LEAST = 0.002;

interface Props {
  stacks: readonly ProfileStack[];
  /** Whether the first level are routes. */
  byRoute: boolean;
}

export function FlameGraph({ stacks, byRoute }: Props) {
  const styles = useStyles2(getStyles);
  const boxes = useMemo(() => flameBoxes(stacks, byRoute), [stacks, byRoute]);
  const [focus, setFocus] = useState(0);
  const [pointed, setPointed] = useState(0);
  const [wanted, setWanted] = useState('');
  useEffect(() => {
    setFocus(0);
    setPointed(0);
  }, [boxes]);
  const drawn = useMemo(() => drawnBoxes(boxes, focus, LEAST), [boxes, focus]);
  const found = wanted.trim().toLowerCase();
  const share = useMemo(() => shareOf(boxes, found), [boxes, found]);
  const box = boxes[pointed] ?? boxes[0]!;
  return (
    <>
      <div className={styles.tools}>
        <input
          className={styles.find}
          type="search"
          value={wanted}
          placeholder="Find a function"
          aria-label="Find a function"
          onChange={(event) => setWanted(event.currentTarget.value)}
        />
        <span className={styles.fact} role="status">
          {found === '' ? '' : `${formatShare(share, boxes[0]!.value)} of the time`}
        </span>
        <Button
          size="sm"
          variant="secondary"
          fill="text"
          icon="search-minus"
          disabled={focus === 0}
          onClick={() => setFocus(0)}
        >
          Show all
        </Button>
        <span className={styles.fact}>
          {box.label} · {formatMs(box.value / 1e6)} · {formatShare(box.value, boxes[0]!.value)}
          {box.self > 0 && ` · ${formatMs(box.self / 1e6)} itself`}
        </span>
      </div>
      <Boxes boxes={boxes} drawn={drawn} found={found} onPoint={setPointed} onFocus={setFocus} />
      <FunctionTable boxes={boxes} wanted={wanted} onChoose={setWanted} />
    </>
  );
}

interface BoxesProps {
  boxes: readonly Box[];
  drawn: readonly Drawn[];
  /** Text of a search, in lower case. */
  found: string;
  onPoint(index: number): void;
  onFocus(index: number): void;
}

// Thousands of boxes: they are drawn again when others are shown, and not when one is pointed at.
const Boxes = memo(function Boxes({ boxes, drawn, found, onPoint, onFocus }: BoxesProps) {
  const styles = useStyles2(getStyles);
  const frame = useRef<HTMLDivElement>(null);
  const [tabStop, setTabStop] = useState(0);
  const shown = useMemo(() => new Set(drawn.map(({ index }) => index)), [drawn]);
  const reachable = shown.has(tabStop) ? tabStop : (drawn[0]?.index ?? 0);
  const dimmedBox = cx(styles.box, styles.dimmed);
  const depth = drawn.reduce((most, { index }) => Math.max(most, boxes[index]!.level), 0);
  const onKeyDown = (event: KeyboardEvent) => {
    const next = nextBox(event.key, boxes, shown, reachable);
    if (event.key === 'Escape') {
      onFocus(0);
    } else if (next !== undefined) {
      event.preventDefault();
      setTabStop(next);
      frame.current?.querySelector<HTMLElement>(`[data-box="${next}"]`)?.focus();
    }
  };
  return (
    <div
      ref={frame}
      className={styles.frame}
      style={{ height: (depth + 1) * ROW }}
      role="group"
      aria-label="Flame graph; arrows walk through callers and callees, Enter shows one at full width"
      onKeyDown={onKeyDown}
      onMouseOver={(event) => point(event, onPoint)}
      onFocus={(event) => point(event, onPoint)}
      onClick={(event) => point(event, onFocus)}
    >
      {drawn.map(({ index, left, width }) => {
        const box = boxes[index]!;
        const dimmed = found !== '' && !box.label.toLowerCase().includes(found);
        return (
          <button
            key={index}
            type="button"
            data-box={index}
            tabIndex={index === reachable ? 0 : -1}
            className={dimmed ? dimmedBox : styles.box}
            style={{
              top: box.level * ROW,
              left: `${left * 100}%`,
              width: `${width * 100}%`,
              background: dimmed ? undefined : groupColour(box.label, box.level),
            }}
            title={`${box.label}: ${formatMs(box.value / 1e6)}, ${formatShare(box.value, boxes[0]!.value)}`}
          >
            {width > 0.02 ? box.label : <span className={styles.hidden}>{box.label}</span>}
          </button>
        );
      })}
    </div>
  );
});

/** Calls back with the box that an event is about. */
function point(event: SyntheticEvent, then: (index: number) => void): void {
  const box = event.target instanceof Element ? event.target.closest('[data-box]') : null;
  if (box !== null) {
    then(Number(box.getAttribute('data-box')));
  }
}

function nextBox(
  key: string,
  boxes: readonly Box[],
  shown: ReadonlySet<number>,
  at: number,
): number | undefined {
  const box = boxes[at]!;
  const siblings = (boxes[box.parent]?.callees ?? [at]).filter((index) => shown.has(index));
  const place = siblings.indexOf(at);
  const next: Record<string, number | undefined> = {
    ArrowUp: box.parent >= 0 ? box.parent : undefined,
    ArrowDown: box.callees.find((index) => shown.has(index)),
    ArrowLeft: siblings[place - 1],
    ArrowRight: siblings[place + 1],
  };
  return next[key];
}

/** Nanoseconds in functions of a name, those within each other counted once. */
function shareOf(boxes: readonly Box[], found: string): number {
  if (found === '') {
    return 0;
  }
  let sum = 0;
  const open = [0];
  for (let index = open.pop(); index !== undefined; index = open.pop()) {
    const box = boxes[index]!;
    if (box.label.toLowerCase().includes(found)) {
      sum += box.value;
    } else {
      open.push(...box.callees);
    }
  }
  return sum;
}

const getStyles = (theme: GrafanaTheme2) => ({
  tools: css({
    display: 'flex',
    flexWrap: 'wrap',
    alignItems: 'center',
    gap: theme.spacing(0.5, 1.5),
    minHeight: 32,
    marginBottom: theme.spacing(1),
    fontSize: theme.typography.bodySmall.fontSize,
  }),
  find: css({
    width: 220,
    height: 26,
    padding: theme.spacing(0, 1),
    color: theme.components.input.text,
    background: theme.components.input.background,
    border: `1px solid ${theme.components.input.borderColor}`,
    borderRadius: theme.shape.radius.default,
    '&::placeholder': { color: theme.colors.text.secondary, opacity: 1 },
  }),
  fact: css({ color: theme.colors.text.secondary, fontVariantNumeric: 'tabular-nums', overflowWrap: 'anywhere' }),
  frame: css({
    position: 'relative',
    overflow: 'hidden',
    background: theme.colors.background.primary,
    borderRadius: theme.shape.radius.default,
    marginBottom: theme.spacing(2),
  }),
  box: css({
    position: 'absolute',
    height: ROW,
    padding: theme.spacing(0, 0.5),
    border: `0 solid ${theme.colors.background.primary}`,
    borderWidth: '0 1px 1px 0',
    borderRadius: 2,
    color: '#1b1b1f',
    fontSize: 11,
    lineHeight: `${ROW - 2}px`,
    textAlign: 'left',
    whiteSpace: 'nowrap',
    overflow: 'hidden',
    textOverflow: 'ellipsis',
    '&:hover': { filter: 'brightness(1.08)' },
    '&:focus-visible': { outline: `2px solid ${theme.colors.primary.main}`, outlineOffset: -2, zIndex: 1 },
  }),
  dimmed: css({
    background: theme.colors.background.secondary,
    color: theme.colors.text.secondary,
  }),
  hidden: css({ position: 'absolute', width: 1, height: 1, overflow: 'hidden', clipPath: 'inset(50%)' }),
});
