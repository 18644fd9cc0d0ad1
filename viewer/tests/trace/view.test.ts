import { describe, expect, it } from 'vitest';

import { extent, selfMs, zoomed } from '../../src/trace/view';
import { between } from './factories';

const view = { fromMs: 100, toMs: 200 };

describe('the visible part of a trace', () => {
  it('shows the part of a span that is in it', () => {
    expect(extent(view, 50, 150)).toEqual({ left: 0, width: 50 });
    expect(extent(view, 175, 300)).toEqual({ left: 75, width: 25 });
    expect(extent(view, 0, 99)).toBeUndefined();
    expect(extent(view, 201, 300)).toBeUndefined();
  });

  it('is chosen by dragging in either direction, within the whole', () => {
    expect(zoomed(view, 0.25, 0.75)).toEqual({ fromMs: 125, toMs: 175 });
    expect(zoomed(view, 0.75, -3)).toEqual({ fromMs: 100, toMs: 175 });
  });
});

describe('the time of a span itself', () => {
  it('is what no child covers, overlaps counted once', () => {
    const parent = between('p', '', 0, 100);
    const children = [between('a', 'p', 10, 40), between('b', 'p', 30, 60), between('c', 'p', 90, 200)];
    expect(selfMs(parent, children)).toBe(40);
    expect(selfMs(parent, [])).toBe(100);
  });
});
