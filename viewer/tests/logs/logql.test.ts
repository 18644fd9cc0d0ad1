import { describe, expect, it } from 'vitest';

import { isLineQuery, linesOfRequest, volumeQuery, withField, withText } from '../../src/logs/logql';

const QUERY = '{service_name="serene"}';

describe('LogQL', () => {
  it('filters by what Loki keeps beside a line', () => {
    expect(withField(QUERY, 'http_route', '=', '/a"b')).toBe('{service_name="serene"} | http_route="/a\\"b"');
    expect(withField(QUERY, 'status', '!=', '200')).toBe('{service_name="serene"} | http_response_status_code!="200"');
  });

  it('parses the line for a member of its own, once', () => {
    const once = withField(QUERY, 'phases.db', '=', '0.6');
    expect(once).toBe('{service_name="serene"} | json | phases_db="0.6"');
    expect(withField(once, 'outcome', '=', 'completed')).toBe(`${once} | outcome="completed"`);
  });

  it('filters by text', () => {
    expect(withText(QUERY, 'slow "x"', '|=')).toBe('{service_name="serene"} |= "slow \\"x\\""');
  });

  it('finds the lines of a request by any of its ids, as plain text', () => {
    expect(linesOfRequest(['a.b', '', 'c', 'a.b'])).toBe('{service_name=~".+"} |~ "a\\\\.b|c"');
  });

  it('counts lines by level', () => {
    expect(volumeQuery(QUERY, 15)).toBe('sum by (level) (count_over_time({service_name="serene"} [15s]))');
    expect([isLineQuery(QUERY), isLineQuery('rate({a="b"}[1m])')]).toEqual([true, false]);
  });
});
