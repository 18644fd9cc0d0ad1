import { describe, expect, it } from 'vitest';

import { costsBy, drawnBoxes, flameBoxes, functionCosts } from '../../src/profile/flame';

const stack = (route: string, labels: string[], nanoseconds: number, kind = 'cpu') => ({
  route,
  labels,
  kind,
  samples: 1,
  nanoseconds,
});
const STACKS = [
  stack('/a', ['main', 'work'], 30),
  stack('/a', ['main'], 10),
  stack('/b', ['main', 'work', 'deep'], 60, 'blocked'),
];

const drawn = (byRoute: boolean) =>
  flameBoxes(STACKS, byRoute).map(
    ({ level, label, value, self }) => `${'.'.repeat(level)}${label} ${value} ${self}`,
  );

describe('a flame graph', () => {
  it('adds equal stacks up, callers before what they call, the widest first', () => {
    expect(drawn(false)).toEqual(['all 100 0', '.main 100 10', '..work 90 30', '...deep 60 60']);
  });

  it('has routes as its first level where they are wanted', () => {
    expect(drawn(true)).toEqual([
      'all 100 0',
      './b 60 0',
      '..main 60 0',
      '...work 60 0',
      '....deep 60 60',
      './a 40 0',
      '..main 40 10',
      '...work 30 30',
    ]);
  });

  it('has one box for nothing', () => {
    const boxes = flameBoxes([], false);
    expect(boxes.map(({ label, value }) => [label, value])).toEqual([['all', 0]]);
    expect(drawnBoxes(boxes, 0, 0)).toEqual([]);
  });

  it('draws a chosen box at full width, below its callers, and leaves the narrowest out', () => {
    const boxes = flameBoxes(STACKS, true);
    const shown = (focus: number, least = 0) =>
      drawnBoxes(boxes, focus, least).map(({ index, left, width }) => [boxes[index]!.label, left, width]);
    expect(shown(5)).toEqual([
      ['all', 0, 1],
      ['/a', 0, 1],
      ['main', 0, 1],
      ['work', 0, 0.75],
    ]);
    expect(shown(0, 0.5).map(([label]) => label)).toEqual(['all', '/b', 'main', 'work', 'deep']);
  });
});

describe('costs', () => {
  it('are by route or by kind, dearest first', () => {
    expect(costsBy(STACKS, 'route')).toEqual([
      { name: '/b', nanoseconds: 60, samples: 1 },
      { name: '/a', nanoseconds: 40, samples: 2 },
    ]);
    expect(costsBy(STACKS, 'kind').map(({ name }) => name)).toEqual(['blocked', 'cpu']);
  });
});

describe('functions', () => {
  it('cost what they took themselves, and in total what they called; recursion counts once', () => {
    const boxes = flameBoxes([stack('/a', ['main', 'walk', 'walk'], 10), stack('/a', ['main'], 5)], false);
    expect(functionCosts(boxes)).toEqual([
      { label: 'walk', self: 10, total: 10 },
      { label: 'main', self: 5, total: 15 },
    ]);
  });
});
