import { describe, expect, it } from 'vitest';

import { formatAge, formatMs, formatShare, ticks } from '../../src/trace/time';

describe('durations', () => {
  it.each([
    [0, '0 ms'],
    [0.000_25, '250 ns'],
    [0.0125, '12.5 µs'],
    [0.9999, '1 ms'],
    [1.5, '1.5 ms'],
    [45.678, '45.7 ms'],
    [612.3, '612 ms'],
    [999.9, '1 s'],
    [1250, '1.25 s'],
    [90_000, '1.5 min'],
    [NaN, '–'],
  ])('%d ms is %s', (ms, text) => {
    expect(formatMs(ms)).toBe(text);
  });

  it('are shares of a whole', () => {
    expect([formatShare(0.2, 100), formatShare(92.4, 100), formatShare(1, 0)]).toEqual(['< 1 %', '92 %', '–']);
  });

  it('have round ticks within their time', () => {
    expect(ticks(0, 612, 6)).toEqual([0, 200, 400, 600]);
    expect(ticks(13, 27, 7)).toEqual([14, 16, 18, 20, 22, 24, 26]);
    expect(ticks(5, 5, 6)).toEqual([5]);
  });

  it('are ages in words', () => {
    expect([formatAge(0, 200), formatAge(0, 59_000), formatAge(0, 3_660_000)]).toEqual(['now', '59 s ago', '1 h ago']);
  });
});
