// The spans of a trace in the order in which they are drawn: each below its parent, collapsed
// branches left out. No recursion, so a chain of thousands of spans does no harm.
import type { Span, Trace } from './model';

export interface SpanNode {
  readonly span: Span;
  readonly depth: number;
  readonly children: readonly SpanNode[];
  /** Spans below it, at any depth. */
  readonly descendants: number;
  /** Whether a span below it failed, so that a collapsed branch can show it. */
  readonly hidesFailure: boolean;
  /** Its parent has an id, and is not in the trace. */
  readonly orphan: boolean;
}

export interface Row {
  readonly node: SpanNode;
  readonly collapsed: boolean;
}

interface Building {
  span: Span;
  depth: number;
  children: Building[];
  descendants: number;
  hidesFailure: boolean;
  orphan: boolean;
}

/** The roots; a span whose parent is missing, or that is its own ancestor, is one. */
export function buildTree(trace: Trace): readonly SpanNode[] {
  const nodes = new Map<string, Building>();
  for (const span of trace.spans) {
    nodes.set(span.spanId, {
      span,
      depth: 0,
      children: [],
      descendants: 0,
      hidesFailure: false,
      orphan: false,
    });
  }
  const cut = endlessChains(nodes);
  const roots: Building[] = [];
  for (const node of nodes.values()) {
    const parent = cut.has(node) ? undefined : nodes.get(node.span.parentSpanId);
    if (parent === undefined) {
      node.orphan = node.span.parentSpanId !== '';
      roots.push(node);
    } else {
      parent.children.push(node);
    }
  }
  for (const node of inOrder(roots).reverse()) {
    for (const child of node.children) {
      node.descendants += 1 + child.descendants;
      node.hidesFailure ||= child.span.failed || child.hidesFailure;
    }
  }
  return roots;
}

/** One span of each circle of parents, which has to be a root for the circle to be drawn. */
function endlessChains(nodes: ReadonlyMap<string, Building>): Set<Building> {
  const cut = new Set<Building>();
  const rooted = new Set<Building>();
  for (const node of nodes.values()) {
    const path = new Set<Building>();
    let at: Building | undefined = node;
    while (at !== undefined && !rooted.has(at)) {
      if (path.has(at)) {
        cut.add(at);
        break;
      }
      path.add(at);
      at = nodes.get(at.span.parentSpanId);
    }
    path.forEach((each) => rooted.add(each));
  }
  return cut;
}

/** Sets the depths on the way. */
function inOrder(roots: readonly Building[]): Building[] {
  const found: Building[] = [];
  const open = [...roots].reverse();
  for (let node = open.pop(); node !== undefined; node = open.pop()) {
    found.push(node);
    for (const child of [...node.children].reverse()) {
      child.depth = node.depth + 1;
      open.push(child);
    }
  }
  return found;
}

/** The rows to draw, those of collapsed branches left out. */
export function visibleRows(roots: readonly SpanNode[], collapsed: ReadonlySet<string>): Row[] {
  const rows: Row[] = [];
  const open = [...roots].reverse();
  for (let node = open.pop(); node !== undefined; node = open.pop()) {
    const isCollapsed = node.children.length > 0 && collapsed.has(node.span.spanId);
    rows.push({ node, collapsed: isCollapsed });
    if (!isCollapsed) {
      open.push(...[...node.children].reverse());
    }
  }
  return rows;
}

/** Every span that has spans below it and is at `depth` or deeper; what "collapse all" collapses. */
export function parentsFrom(roots: readonly SpanNode[], depth: number): Set<string> {
  return new Set(
    visibleRows(roots, new Set())
      .filter(({ node }) => node.depth >= depth && node.children.length > 0)
      .map(({ node }) => node.span.spanId),
  );
}

/** The ids above a span, so that a match in a collapsed branch can be opened. */
export function ancestorsOf(trace: Trace, spanId: string): Set<string> {
  const byId = new Map(trace.spans.map((span) => [span.spanId, span]));
  const found = new Set<string>();
  for (let at = byId.get(spanId)?.parentSpanId; at && !found.has(at); at = byId.get(at)?.parentSpanId) {
    found.add(at);
  }
  return found;
}
