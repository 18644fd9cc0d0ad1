// What a waterfall shows of its trace: the rows, the visible part of the time, and where things are.
import { endMs, type Span, type Trace } from './model';

/** The visible part of the trace, in milliseconds since it began. */
export interface TimeView {
  readonly fromMs: number;
  readonly toMs: number;
}

const LEAST_VIEW_MS = 1e-3;

export function wholeOf(trace: Trace): TimeView {
  return { fromMs: 0, toMs: Math.max(trace.durationMs, LEAST_VIEW_MS) };
}

/** A view between two fractions of the present one; too short ones are widened. */
export function zoomed(view: TimeView, from: number, to: number): TimeView {
  const length = view.toMs - view.fromMs;
  const [least, most] = from <= to ? [from, to] : [to, from];
  const fromMs = view.fromMs + clamp(least) * length;
  const toMs = view.fromMs + clamp(most) * length;
  return toMs - fromMs < LEAST_VIEW_MS ? { fromMs, toMs: fromMs + LEAST_VIEW_MS } : { fromMs, toMs };
}

function clamp(fraction: number): number {
  return Math.min(1, Math.max(0, fraction));
}

/** Where an instant is in a view: 0 at its left edge, 1 at its right one. */
export function place(view: TimeView, ms: number): number {
  return (ms - view.fromMs) / (view.toMs - view.fromMs);
}

export interface Extent {
  /** Percent of the view's width. */
  readonly left: number;
  readonly width: number;
}

/** The part of a time that is in view; undefined where none is. */
export function extent(view: TimeView, fromMs: number, toMs: number): Extent | undefined {
  const left = place(view, fromMs);
  const right = place(view, toMs);
  if (right < 0 || left > 1) {
    return undefined;
  }
  const begin = Math.max(0, left);
  return { left: begin * 100, width: (Math.min(1, right) - begin) * 100 };
}

/** Milliseconds of a span in which none of its children ran. */
export function selfMs(span: Span, children: readonly Span[]): number {
  let covered = 0;
  let at = span.startMs;
  const end = endMs(span);
  for (const child of [...children].sort((a, b) => a.startMs - b.startMs)) {
    const from = Math.max(at, child.startMs);
    const to = Math.min(end, endMs(child));
    if (to > from) {
      covered += to - from;
      at = to;
    }
  }
  return Math.max(0, span.durationMs - covered);
}
