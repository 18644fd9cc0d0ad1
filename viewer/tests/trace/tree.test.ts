import { describe, expect, it } from 'vitest';

import { ancestorsOf, buildTree, parentsFrom, visibleRows } from '../../src/trace/tree';
import { between, span, trace } from './factories';

const family = trace(
  between('root', '', 0, 100),
  between('first', 'root', 10, 40),
  between('leaf', 'first', 20, 30),
  between('second', 'root', 50, 90),
);

const drawn = (collapsed: string[] = []) =>
  visibleRows(buildTree(family), new Set(collapsed)).map(
    ({ node }) => '  '.repeat(node.depth) + node.span.spanId,
  );

describe('the tree of a trace', () => {
  it('draws each span below its parent, in the order of their begin', () => {
    expect(drawn()).toEqual(['root', '  first', '    leaf', '  second']);
  });

  it('leaves out what is below a collapsed span', () => {
    expect(drawn(['first'])).toEqual(['root', '  first', '  second']);
    expect(drawn(['root'])).toEqual(['root']);
  });

  it('counts the spans below, and finds a failure that a collapsed span hides', () => {
    const [root] = buildTree(
      trace(
        between('root', '', 0, 100),
        between('middle', 'root', 0, 50),
        { ...between('broken', 'middle', 0, 10), failed: true },
      ),
    );
    expect([root!.descendants, root!.hidesFailure, root!.children[0]!.hidesFailure]).toEqual([2, true, true]);
  });

  it('makes a span whose parent is missing a root of its own', () => {
    const roots = buildTree(trace(between('root', '', 0, 100), between('orphan', 'elsewhere', 5, 6)));
    expect(roots.map(({ span: { spanId }, orphan }) => [spanId, orphan])).toEqual([
      ['root', false],
      ['orphan', true],
    ]);
  });

  it('ends for spans that name each other or themselves as parents', () => {
    const roots = buildTree(
      trace(between('a', 'b', 0, 1), between('b', 'a', 0, 1), between('self', 'self', 0, 1)),
    );
    expect(visibleRows(roots, new Set())).toHaveLength(3);
  });

  it('draws a chain of ten thousand spans', () => {
    const chain = Array.from({ length: 10_000 }, (_, number) =>
      between(`s${number}`, number === 0 ? '' : `s${number - 1}`, number, 10_000),
    );
    const rows = visibleRows(buildTree(trace(...chain)), new Set());
    expect([rows.length, rows.at(-1)!.node.depth]).toEqual([10_000, 9_999]);
  });

  it('names what can be collapsed from a depth on, and what is above a span', () => {
    expect(parentsFrom(buildTree(family), 1)).toEqual(new Set(['first']));
    expect(ancestorsOf(family, 'leaf')).toEqual(new Set(['first', 'root']));
    expect(ancestorsOf(trace(span('alone')), 'alone')).toEqual(new Set());
  });
});
