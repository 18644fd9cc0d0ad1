import { describe, expect, it } from 'vitest';

import { conditionFor, withCondition } from '../../src/search/presets';

describe('a condition', () => {
  it.each([
    ['{ }', '{ status = error }'],
    ['{ kind = server } | select(name)', '{ kind = server && status = error } | select(name)'],
    ['{ a = 1 || b = 2 }', '{ (a = 1 || b = 2) && status = error }'],
    ['', '{ status = error }'],
  ])('is added to %s', (query, expected) => {
    expect(withCondition(query, 'status = error')).toBe(expected);
  });
});

describe('a value of a span as a condition', () => {
  it.each([
    ['http.response.status_code', '503', 'span.http.response.status_code = 503'],
    ['http.route', '/a', 'span.http.route = "/a"'],
    ['status', 'error', 'status = error'],
  ])('%s %s', (name, value, condition) => {
    expect(conditionFor(name, value)).toBe(condition);
  });
});
