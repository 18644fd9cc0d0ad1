// @vitest-environment jsdom
import { describe, expect, it } from 'vitest';

import { turned } from '../../src/boards/Picker';
import { AllText } from '../../src/boards/interpolate';
import {
  ALL,
  choose,
  customOptions,
  inOrder,
  textOf,
  valueOf,
  type Variable,
} from '../../src/boards/variables';

const options = ['a', 'b'].map((value) => ({ value, text: value }));
const multi = { name: 'v', type: 'query', multi: true, includeAll: true };

describe('variables', () => {
  it('come after those that they depend on', () => {
    const list = [
      { name: 'c', type: 'query', query: 'label_values(x{b="$b"}, c)' },
      { name: 'b', type: 'query', query: { query: 'label_values(x{a=~"${a}"}, b)' } },
      { name: 'a', type: 'custom', query: '1,2' },
    ];
    expect(inOrder(list).map(({ name }) => name)).toEqual(['a', 'b', 'c']);
  });

  it('of a circle keep an order', () => {
    const list = [
      { name: 'a', type: 'query', query: '$b' },
      { name: 'b', type: 'query', query: '$a' },
    ];
    expect(inOrder(list)).toHaveLength(2);
  });

  it.each([
    ['the address first, also a value that is no option now', ['gone'], {}, ['gone']],
    ['All of the address', ['All'], {}, [ALL]],
    ['the board’s own', [], { current: { value: 'b' } }, ['b']],
    ['not the board’s own that is gone', [], { current: { value: 'x' } }, [ALL]],
    ['the first where there is no All', [], { includeAll: false }, ['a']],
    ['one of several where one can be chosen', ['a', 'b'], { multi: false }, ['a']],
  ])('choose %s', (_, asked, change, expected) => {
    expect(choose({ ...multi, ...change }, options, asked)).toEqual(expected);
  });

  it('stand for every option, or for the board’s own text, when all are chosen', () => {
    const all: Variable = { model: multi, options, chosen: [ALL] };
    expect(valueOf(all)).toEqual(['a', 'b']);
    expect(valueOf({ ...all, model: { ...multi, allValue: '.*' } })).toEqual(new AllText('.*'));
    expect(textOf(all)).toBe('All');
  });

  it('that are custom have texts and values', () => {
    expect(customOptions('1, Two : 2,3\\,4')).toEqual([
      { text: '1', value: '1' },
      { text: 'Two', value: '2' },
      { text: '3,4', value: '3,4' },
    ]);
  });

  it('exclude All and single values from each other', () => {
    expect(turned([ALL], 'a', true)).toEqual(['a']);
    expect(turned(['a'], 'b', true)).toEqual(['a', 'b']);
    expect(turned(['a', 'b'], 'a', true)).toEqual(['b']);
    expect(turned(['a'], ALL, true)).toEqual([ALL]);
    expect(turned(['a'], 'b', false)).toEqual(['b']);
  });
});
