import { describe, expect, it } from 'vitest';

import { criticalPath } from '../../src/trace/criticalPath';
import { buildTree } from '../../src/trace/tree';
import { between, trace } from './factories';

const pathOf = (...spans: Parameters<typeof trace>) =>
  Object.fromEntries(
    [...criticalPath(buildTree(trace(...spans)))].map(([id, segments]) => [
      id,
      segments.map(({ fromMs, toMs }) => [fromMs, toMs]),
    ]),
  );

describe('the critical path', () => {
  it('is the whole of a span without others', () => {
    expect(pathOf(between('root', '', 0, 100))).toEqual({ root: [[0, 100]] });
  });

  it('goes through children one after the other, and the parent between them', () => {
    expect(
      pathOf(between('root', '', 0, 100), between('a', 'root', 10, 40), between('b', 'root', 50, 90)),
    ).toEqual({ root: [[0, 10], [40, 50], [90, 100]], a: [[10, 40]], b: [[50, 90]] });
  });

  it('leaves out a child that runs beside one that ends later', () => {
    expect(
      pathOf(between('root', '', 0, 100), between('quick', 'root', 10, 40), between('slow', 'root', 5, 90)),
    ).toEqual({ root: [[0, 5], [90, 100]], slow: [[5, 90]] });
  });

  it('takes the part of an overlapped child before the later one began', () => {
    const path = pathOf(
      between('root', '', 0, 100),
      between('early', 'root', 0, 40),
      between('late', 'root', 60, 100),
    );
    expect(path).toEqual({ root: [[40, 60]], early: [[0, 40]], late: [[60, 100]] });
  });

  it('ignores what outlives the request', () => {
    expect(pathOf(between('root', '', 0, 50), between('later', 'root', 40, 500))).toEqual({
      root: [[0, 50]],
    });
  });

  it('adds up to the duration of the root', () => {
    const path = pathOf(
      between('root', '', 0, 100),
      between('a', 'root', 3, 70),
      between('b', 'a', 10, 65),
      between('c', 'root', 72, 99),
    );
    const sum = Object.values(path).flat().reduce((total, [from, to]) => total + to! - from!, 0);
    expect(sum).toBeCloseTo(100);
  });
});
