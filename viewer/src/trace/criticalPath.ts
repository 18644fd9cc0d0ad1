// The critical path: the parts of spans without which the trace would have been shorter.
//
// From the end of the root backwards: the child that ended last before the present instant is on the
// path from there; between two children the parent itself is. Time in which a child runs beside
// another one that ends later is on no path. As Jaeger and Lightstep define it.
import { endMs } from './model';
import type { SpanNode } from './tree';

export interface Segment {
  readonly fromMs: number;
  readonly toMs: number;
}

interface Step {
  readonly node: SpanNode;
  /** The path of this span ends here. */
  readonly untilMs: number;
}

const LEAST_MS = 1e-6;

/** The segments on the critical path by span id, in the order of time. */
export function criticalPath(roots: readonly SpanNode[]): Map<string, Segment[]> {
  const path = new Map<string, Segment[]>();
  const root = longest(roots);
  const open: Step[] = root === undefined ? [] : [{ node: root, untilMs: endMs(root.span) }];
  for (let step = open.pop(); step !== undefined; step = open.pop()) {
    open.push(...walk(step, path));
  }
  for (const segments of path.values()) {
    segments.reverse();
  }
  return path;
}

function walk({ node, untilMs }: Step, path: Map<string, Segment[]>): Step[] {
  const { span } = node;
  const below: Step[] = [];
  let at = Math.min(untilMs, endMs(span));
  // What ends after its parent (a greenlet that outlives its request) did not keep it waiting.
  const children = node.children
    .filter((child) => endMs(child.span) <= endMs(span) + LEAST_MS)
    .sort((a, b) => endMs(b.span) - endMs(a.span));
  for (const child of children) {
    const childEnd = endMs(child.span);
    if (childEnd > at + LEAST_MS || child.span.startMs >= at) {
      continue;
    }
    add(path, span.spanId, childEnd, at);
    below.push({ node: child, untilMs: Math.min(childEnd, at) });
    at = Math.max(child.span.startMs, span.startMs);
  }
  add(path, span.spanId, span.startMs, at);
  return below;
}

function add(path: Map<string, Segment[]>, spanId: string, fromMs: number, toMs: number): void {
  if (toMs - fromMs <= LEAST_MS) {
    return;
  }
  const found = path.get(spanId);
  if (found === undefined) {
    path.set(spanId, [{ fromMs, toMs }]);
  } else {
    found.push({ fromMs, toMs });
  }
}

function longest(roots: readonly SpanNode[]): SpanNode | undefined {
  return roots.reduce<SpanNode | undefined>(
    (most, each) => (most === undefined || each.span.durationMs > most.span.durationMs ? each : most),
    undefined,
  );
}
