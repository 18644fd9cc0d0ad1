import { describe, expect, it } from 'vitest';

import { readIdentifier } from '../../src/trace/identifier';
import { explainMissing, findTrace } from '../../src/trace/lookup';

const UUID = '0b5a7c1e-9a34-4f0e-8a34-5d1f2c3b4a59';
const HEX = UUID.replaceAll('-', '');
const OTHER = 'f'.repeat(32);
const NOW = 1_700_000_000_000;

function answerOf(traceId: string) {
  const span = {
    traceId,
    spanId: '00f067aa0ba902b7',
    name: 'GET /',
    startTimeUnixNano: '1700000000000000000',
    endTimeUnixNano: '1700000000001000000',
  };
  return { batches: [{ resource: {}, scopeSpans: [{ spans: [span] }] }] };
}

describe('the search for a trace', () => {
  it('takes the trace of that id', async () => {
    const paths: string[] = [];
    const found = await findTrace(
      readIdentifier(UUID)!,
      async (path) => {
        paths.push(path);
        return answerOf(HEX);
      },
      NOW,
    );
    expect([found?.traceId, paths]).toEqual([HEX, [`/tempo/api/traces/${HEX}`]]);
  });

  it('searches by attribute where a traceparent won, and takes that trace', async () => {
    const found = await findTrace(
      readIdentifier(UUID)!,
      async (path) => {
        const url = new URL(path, 'http://viewer');
        if (url.pathname === '/tempo/api/search') {
          expect(url.searchParams.get('q')).toContain(`span."request.id" = "${UUID}"`);
          expect(Number(url.searchParams.get('end')) - Number(url.searchParams.get('start'))).toBe(86_400);
          return { traces: [{ traceID: OTHER }] };
        }
        return url.pathname.endsWith(OTHER) ? answerOf(OTHER) : undefined;
      },
      NOW,
    );
    expect(found?.traceId).toBe(OTHER);
  });

  it('finds none where Tempo has none', async () => {
    const get = async (path: string) => (path.includes('search') ? { traces: [] } : undefined);
    expect(await findTrace(readIdentifier(UUID)!, get, NOW)).toBeUndefined();
  });
});

describe('why there is no trace', () => {
  it.each([
    [{ traceKept: false, loggedUnixMs: NOW - 60_000 }, 'The spans of this request were not kept', false],
    [{ loggedUnixMs: NOW - 2_000 }, 'The trace has not arrived yet', true],
    [{ loggedUnixMs: NOW - 30 * 3_600_000 }, 'The trace is too old', false],
    [{ loggedUnixMs: NOW - 600_000 }, 'Tempo has no trace of this request', false],
    [{}, 'Nothing is known of this request', true],
  ])('%o: %s', (evidence, title, retry) => {
    expect(explainMissing(evidence, NOW)).toMatchObject({ title, retry });
  });
});
