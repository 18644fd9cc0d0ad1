import { describe, expect, it } from 'vitest';

import { findSpans } from '../../src/trace/findSpans';
import { event, span, trace } from './factories';

const all = trace(
  span('a', { name: 'GET /orders', attributes: { 'http.route': '/orders' } }),
  span('b', { name: 'find orders', failed: true, resource: { 'service.name': 'shop' } }),
  span('c', { name: 'POST /pay', events: [event('exception', { attributes: { 'exception.type': 'KeyError' } })] }),
);

describe('the search in spans', () => {
  it.each([
    ['orders', ['a', 'b']],
    ['FIND orders', ['b']],
    ['http.route=/orders', ['a']],
    ['error', ['b', 'c']],
    ['keyerror', ['c']],
    ['service.name=shop', ['b']],
    ['nothing', []],
    ['  ', []],
  ])('%s', (wanted, found) => {
    expect(findSpans(all, wanted)).toEqual(found);
  });
});
