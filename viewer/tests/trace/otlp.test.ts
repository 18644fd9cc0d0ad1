import { describe, expect, it } from 'vitest';

import { hexId, parseTrace } from '../../src/trace/otlp';
import { phasesOf, segmentsOfSpan } from '../../src/trace/phases';
import { verdictOf } from '../../src/trace/verdict';
import { json, REQUEST_ID, TRACE_ID } from '../fixtures';

const slow = parseTrace(json('tempo-trace.json'))!;

describe("Tempo's answer for a trace", () => {
  it('has its spans in the order of their begin, with times since the first', () => {
    expect(slow.traceId).toBe(TRACE_ID);
    expect(
      slow.spans.map(({ name, kind, parentSpanId, startMs, durationMs, service }) => [
        ...[name, kind, parentSpanId, service],
        ...[startMs, durationMs].map((ms) => Number(ms.toFixed(6))),
      ]),
    ).toEqual([
      ['GET /api/v1/blog/posts', 'server', '', 'serene', 0, 1210.792159],
      ['find posts', 'client', '15e7873eda77e9b0', 'serene', 45.704151, 1062.794141],
    ]);
  });

  it('has events in the order of time', () => {
    expect(slow.spans[0]!.events.map(({ name, atMs }) => [name, Math.round(atMs)])).toEqual([
      ['hub.waited', 1013],
      ['db.slow_command', 1108],
      ['request.snapshot', 1131],
      ['hub.waited', 1220],
    ]);
  });

  it('has attributes of every type', () => {
    expect(slow.spans[0]!.attributes).toMatchObject({
      'request.id': REQUEST_ID,
      'http.response.status_code': 200,
      'request.slow': true,
      'request.phase.db': 0.589536839,
    });
    expect(slow.spans[0]!.resource['service.name']).toBe('serene');
  });

  it('has phases that fill the bar of the request', () => {
    const server = slow.spans[0]!;
    const filled = segmentsOfSpan(server).reduce((sum, { seconds }) => sum + seconds, 0);
    expect(Object.keys(phasesOf(server.attributes)).sort()).toEqual(['cpu', 'db', 'hub_wait', 'queue']);
    expect(filled).toBeCloseTo(server.durationMs / 1000, 3);
  });

  it('leads to the verdict that the request waited for the database', () => {
    const verdict = verdictOf(slow);
    expect([verdict.status, verdict.headline, verdict.reasons[0]]).toEqual([
      'slow',
      'Slow: 1.21 s, status 200',
      '590 ms (49 %) in db: it waited for an answer of the database.',
    ]);
    expect(verdict.reasons[1]).toMatch(/^find posts kept this request waiting .* for the server 127\.0\.0\.1:\d+/);
  });

  it('may be empty, of the second version, or in the names of OTLP', () => {
    const { batches } = json('tempo-trace.json') as { batches: unknown[] };
    expect(parseTrace({ batches: [] })).toBeUndefined();
    expect(parseTrace(undefined)).toBeUndefined();
    expect(parseTrace({ trace: { resourceSpans: batches } })).toEqual(slow);
  });

  it('may have a span twice', () => {
    const { batches } = json('tempo-trace.json') as { batches: unknown[] };
    expect(parseTrace({ batches: [...batches, ...batches] })).toEqual(slow);
  });
});

describe('an id', () => {
  it.each([
    ['FeeHPtp36bA=', '15e7873eda77e9b0'],
    ['15E7873EDA77E9B0', '15e7873eda77e9b0'],
    [undefined, ''],
  ])('%s is %s in hex', (id, hex) => {
    expect(hexId(id)).toBe(hex);
  });
});
