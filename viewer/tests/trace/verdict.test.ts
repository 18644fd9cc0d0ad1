import { describe, expect, it } from 'vitest';

import { verdictOf } from '../../src/trace/verdict';
import { event, span, trace } from './factories';

const server = (changes: Parameters<typeof span>[1] = {}) =>
  span('server', { kind: 'server', name: 'GET /orders', durationMs: 612, ...changes });

describe('the verdict on a trace', () => {
  it('names the slow command, with its plan', () => {
    const verdict = verdictOf(
      trace(
        server({
          attributes: {
            'request.slow': true,
            'request.dominant_phase': 'db',
            'request.phase.db': 0.6,
            'request.phase.cpu': 0.012,
            'http.response.status_code': 200,
          },
          events: [
            event('db.slow_command', {
              attributes: {
                'db.operation.name': 'find',
                'db.collection.name': 'orders',
                'server.address': '127.0.0.1',
                'server.port': 27017,
                'db.wire_seconds': 0.598,
                'db.response.returned_rows': 1,
              },
            }),
            event('db.command_plan', { attributes: { 'db.plan': 'COLLSCAN of 20000 documents' } }),
          ],
        }),
      ),
    );
    expect([verdict.status, verdict.headline, ...verdict.reasons]).toEqual([
      'slow',
      'Slow: 612 ms, status 200',
      '600 ms (98 %) in db: it waited for an answer of the database.',
      'find orders kept this request waiting 598 ms for the server 127.0.0.1:27017; it returned 1 document.',
      'COLLSCAN of 20000 documents',
    ]);
  });

  it('names the request that held the hub', () => {
    const verdict = verdictOf(
      trace(
        server({
          attributes: {
            'request.slow': true,
            'request.dominant_phase': 'hub_wait',
            'request.phase.hub_wait': 0.5,
          },
          events: [
            event('hub.waited', {
              attributes: {
                'hub.seconds': 0.5,
                'hub.kind': 'cpu',
                'hub.code': 'shop.views:report',
                'hub.culprit.route': '/report',
                'hub.culprit.request_id': 'the-culprit',
              },
            }),
          ],
        }),
      ),
    );
    expect(verdict.culpritRequestId).toBe('the-culprit');
    expect(verdict.reasons).toEqual([
      '500 ms (82 %) in hub_wait: it could have run, but the hub ran others.',
      'Waited 500 ms because of a request for /report: code computed, in shop.views:report.',
    ]);
  });

  it('names who held the pool, from the last snapshot', () => {
    const verdict = verdictOf(
      trace(
        server({
          attributes: { 'request.slow': true, 'request.dominant_phase': 'db_pool_wait', 'request.phase.db_pool_wait': 0.6 },
          events: [
            event('request.snapshot', {
              attributes: {
                'request.age': 0.3,
                'request.wait': 'db_pool_wait for 0.3 s: a connection of db:27017: 1 of 1 in use',
                'request.wait.held_by': 'connection 1: request X (GET /stock/report)',
              },
            }),
          ],
        }),
      ),
    );
    expect(verdict.reasons.at(-1)).toBe(
      'At 300 ms: db_pool_wait for 0.3 s: a connection of db:27017: 1 of 1 in use; held by connection 1: request X (GET /stock/report)',
    );
  });

  it('gives the failure of the innermost call as the reason of a failure', () => {
    const verdict = verdictOf(
      trace(
        server({ failed: true, attributes: { 'http.response.status_code': 503, 'error.type': '503' } }),
        span('call', {
          parentSpanId: 'server',
          kind: 'client',
          name: 'find posts',
          failed: true,
          attributes: { 'error.type': 'NetworkTimeout' },
        }),
      ),
    );
    expect([verdict.status, verdict.headline, verdict.reasons[0]]).toEqual([
      'failed',
      'Failed with 503 after 612 ms',
      'find posts (serene) failed: NetworkTimeout',
    ]);
  });

  it('prefers the exception', () => {
    const failed = server({
      failed: true,
      events: [event('exception', { attributes: { 'exception.type': 'KeyError', 'exception.message': 'price' } })],
    });
    expect(verdictOf(trace(failed)).reasons).toEqual(['KeyError: price']);
  });

  it('names no cause where the facts name none', () => {
    expect(verdictOf(trace(server()))).toMatchObject({
      status: 'good',
      headline: 'Took 612 ms',
      reasons: [],
      culpritRequestId: '',
    });
  });
});
