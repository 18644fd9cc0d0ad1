// The state of a waterfall: what is collapsed, found and shown, and how keys change it.
import { useCallback, useEffect, useMemo, useState, type KeyboardEvent } from 'react';

import { criticalPath, type Segment } from './criticalPath';
import { findSpans } from './findSpans';
import type { Span, Trace } from './model';
import { ancestorsOf, buildTree, parentsFrom, visibleRows, type Row, type SpanNode } from './tree';
import { wholeOf, type TimeView } from './view';

export interface WaterfallState {
  roots: readonly SpanNode[];
  /** Of all spans, in the order of the tree. */
  nodes: readonly SpanNode[];
  rows: readonly Row[];
  view: TimeView;
  setView(view: TimeView): void;
  critical: ReadonlyMap<string, readonly Segment[]>;
  matches: readonly string[];
  matchSet: ReadonlySet<string>;
  toggle(span: Span): void;
  expandAll(): void;
  collapseAll(): void;
  /** Opens what is collapsed above a span. */
  open(spanId: string): void;
  onKeyDown(event: KeyboardEvent): void;
}

/**
 * @param wanted text to search for in the spans.
 * @param selected id of the selected span, or empty.
 */
export function useWaterfall(
  trace: Trace,
  wanted: string,
  selected: string,
  onSelect: (spanId: string) => void,
): WaterfallState {
  const roots = useMemo(() => buildTree(trace), [trace]);
  const nodes = useMemo(() => visibleRows(roots, new Set()).map(({ node }) => node), [roots]);
  const critical = useMemo(() => criticalPath(roots), [roots]);
  const [collapsed, setCollapsed] = useState<ReadonlySet<string>>(new Set());
  const [view, setView] = useState(() => wholeOf(trace));
  useEffect(() => {
    setCollapsed(new Set());
    setView(wholeOf(trace));
  }, [trace]);
  const rows = useMemo(() => visibleRows(roots, collapsed), [roots, collapsed]);
  const matches = useMemo(() => findSpans(trace, wanted), [trace, wanted]);
  const matchSet = useMemo(() => new Set(matches), [matches]);
  const setOpen = useCallback((spanId: string, open: boolean) => {
    setCollapsed((before) => {
      const next = new Set(before);
      next[open ? 'delete' : 'add'](spanId);
      return next;
    });
  }, []);
  const toggle = useCallback(
    (span: Span) =>
      setCollapsed((before) => {
        const next = new Set(before);
        if (!next.delete(span.spanId)) {
          next.add(span.spanId);
        }
        return next;
      }),
    [],
  );
  const open = useCallback(
    (spanId: string) => {
      const above = ancestorsOf(trace, spanId);
      setCollapsed((before) => new Set([...before].filter((id) => !above.has(id))));
    },
    [trace],
  );
  const onKeyDown = useCallback(
    (event: KeyboardEvent) => onRowKey(event, rows, selected, onSelect, setOpen),
    [rows, selected, onSelect, setOpen],
  );
  return {
    ...{ roots, nodes, rows, view, setView, critical, matches, matchSet, toggle, open, onKeyDown },
    expandAll: useCallback(() => setCollapsed(new Set()), []),
    collapseAll: useCallback(() => setCollapsed(parentsFrom(roots, 1)), [roots]),
  };
}

// As in a tree of the ARIA practices: up and down move, left closes or goes to the parent.
function onRowKey(
  event: KeyboardEvent,
  rows: readonly Row[],
  selected: string,
  onSelect: (spanId: string) => void,
  setOpen: (spanId: string, open: boolean) => void,
): void {
  const index = rows.findIndex(({ node }) => node.span.spanId === selected);
  const row = rows[index];
  const go = (next: number) => {
    const target = rows[Math.max(0, Math.min(rows.length - 1, next))];
    if (target !== undefined) {
      onSelect(target.node.span.spanId);
    }
  };
  const keys: Record<string, () => void> = {
    ArrowDown: () => go(index + 1),
    j: () => go(index + 1),
    ArrowUp: () => go(index < 0 ? 0 : index - 1),
    k: () => go(index < 0 ? 0 : index - 1),
    PageDown: () => go(index + 20),
    PageUp: () => go(index - 20),
    Home: () => go(0),
    End: () => go(rows.length - 1),
    ArrowRight: () =>
      row?.collapsed ? setOpen(selected, true) : row?.node.children.length ? go(index + 1) : undefined,
    ArrowLeft: () =>
      row !== undefined && !row.collapsed && row.node.children.length > 0
        ? setOpen(selected, false)
        : row?.node.span.parentSpanId && go(rows.findIndex((each) => each.node.span.spanId === row.node.span.parentSpanId)),
  };
  const act = event.ctrlKey || event.metaKey || event.altKey ? undefined : keys[event.key];
  if (act !== undefined) {
    event.preventDefault();
    act();
  }
}
