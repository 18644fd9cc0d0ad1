import { describe, expect, it } from 'vitest';

import { costsBy, flameRows } from '../../src/profile/flame';

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

const drawn = (byRoute: boolean) => {
  const { level, label, value, self } = flameRows(STACKS, byRoute);
  return level.map((depth, at) => `${'.'.repeat(depth)}${label[at]} ${value[at]} ${self[at]}`);
};

describe('a flame graph', () => {
  it('adds equal stacks up, callers before what they call, the widest first', () => {
    expect(drawn(false)).toEqual(['total 100 0', '.main 100 10', '..work 90 30', '...deep 60 60']);
  });

  it('has routes as its first level where they are wanted', () => {
    expect(drawn(true)).toEqual([
      'total 100 0',
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
    expect(flameRows([], false)).toEqual({ level: [0], label: ['total'], value: [0], self: [0] });
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
