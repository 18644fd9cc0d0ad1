import { describe, expect, it } from 'vitest';

import { AllText, interpolate, queryFormat, variablesIn, type Value } from '../../src/boards/interpolate';

const values: Record<string, Value> = {
  service: ['serene'],
  route: ['/api/v1/a', '/api/v1/b.c'],
  one: 'a "quoted" \\ text',
  all: new AllText('.+'),
  __from: '1700000000000',
};
const lookup = (name: string) => values[name];

describe('interpolate', () => {
  it.each([
    ['$service', 'serene'],
    ['${route:pipe}', '/api/v1/a|/api/v1/b.c'],
    ['${route}', '{/api/v1/a,/api/v1/b.c}'],
    ['${route:csv}', '/api/v1/a,/api/v1/b.c'],
    ['${route:regex}', '(\\/api\\/v1\\/a|\\/api\\/v1\\/b\\.c)'],
    ['${route:queryparam}', 'var-route=%2Fapi%2Fv1%2Fa&var-route=%2Fapi%2Fv1%2Fb.c'],
    ['${route:percentencode}', '%7B%2Fapi%2Fv1%2Fa%2C%2Fapi%2Fv1%2Fb.c%7D'],
    ['${all:queryparam}', 'var-all=$__all'],
    ['${all:pipe}', '.+'],
    ['${__from:date:iso}', '2023-11-14T22:13:20.000Z'],
    ['[[service]]', 'serene'],
    ['$unknown and ${unknown:pipe}', '$unknown and ${unknown:pipe}'],
  ])('writes %s as %s', (text, expected) => {
    expect(interpolate(text, lookup)).toBe(expected);
  });

  it('refuses a format that it does not know', () => {
    expect(() => interpolate('${service:sqlstring}', lookup)).toThrow(
      'the format “sqlstring” of a variable is not supported',
    );
  });

  it('writes lists as regular expressions in a query, also with one value, and All as it is', () => {
    const query = 'up{s=~"$service", r=~"$route", o="$one", a=~"$all"}';
    expect(interpolate(query, lookup, queryFormat)).toBe(
      'up{s=~"serene", r=~"(/api/v1/a|/api/v1/b\\\\.c)", o="a \\"quoted\\" \\\\ text", a=~".+"}',
    );
  });

  it('finds the variables of a text', () => {
    expect(variablesIn('$a ${b:pipe} ${c.d} [[e]]')).toEqual(new Set(['a', 'b', 'c', 'e']));
  });
});
