import { describe, expect, it } from 'vitest';

import type { FoundTrace } from '../../src/data-sources/tempo';
import { attributeColumns, rowsOf, sorted } from '../../src/search/results';
import { json, TRACE_ID } from '../fixtures';

const rows = rowsOf((json('tempo-search.json') as { traces: FoundTrace[] }).traces);

describe("Tempo's search", () => {
  it('becomes rows, with ids of full length', () => {
    expect(rows.map(({ traceId, name, service, durationMs, matched, failed }) => [
      ...[traceId.length, name, service, durationMs, matched, failed],
    ])).toEqual([
      [32, 'GET /api/v1/blog/posts', 'serene', 1210, 1, false],
      [32, 'GET /api/v1/blog/posts', 'serene', 1055, 1, false],
      [32, 'GET /api/v1/blog/posts', 'serene', 1267, 1, false],
    ]);
    expect(rows[0]!.traceId).toBe(TRACE_ID);
    expect(rows[0]!.spans[0]!.attributes).toMatchObject({ 'request.dominant_phase': 'db', 'request.slow': 'true' });
  });

  it('is sorted by any column, either way', () => {
    expect(sorted(rows, 'duration', true).map(({ durationMs }) => durationMs)).toEqual([1267, 1210, 1055]);
    expect(sorted(rows, 'began', false).map(({ durationMs }) => durationMs)).toEqual([1267, 1055, 1210]);
  });

  it('has columns for what differs between spans', () => {
    expect(attributeColumns(rows, 4)).toEqual([]);
    expect(attributeColumns(rows.slice(0, 1), 2)).toHaveLength(2);
  });

  it('marks what failed, and names no root that has not arrived', () => {
    const span = {
      spanID: 'a',
      startTimeUnixNano: '0',
      durationNanos: '1000000',
      attributes: [{ key: 'http.response.status_code', value: { intValue: '503' } }],
    };
    const [row] = rowsOf([
      {
        traceID: 'b',
        rootServiceName: '<root span not yet received>',
        startTimeUnixNano: '0',
        spanSets: [{ spans: [span], matched: 3 }],
      },
    ]);
    expect(row).toMatchObject({ failed: true, service: '', name: '', matched: 3, durationMs: 0 });
  });
});
