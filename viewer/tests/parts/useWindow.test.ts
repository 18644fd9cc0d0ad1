import { describe, expect, it } from 'vitest';

import { rowsInView } from '../../src/parts/useWindow';

describe('the rows in view', () => {
  it('are few, whatever the length of the list', () => {
    const { first, end } = rowsInView(26_000, 600, 100_000, 26);
    expect([first <= 1000, end >= 1024, end - first < 60]).toEqual([true, true, true]);
  });

  it('stay within the list', () => {
    expect(rowsInView(0, 600, 3, 26)).toEqual({ first: 0, end: 3 });
    expect(rowsInView(5000, 600, 3, 26)).toEqual({ first: 0, end: 3 });
    expect(rowsInView(0, 600, 0, 26)).toEqual({ first: 0, end: 0 });
  });
});
