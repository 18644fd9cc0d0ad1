import { describe, expect, it } from 'vitest';

import { levelOf, LokiAnswerError, parseLines, parseVolume } from '../../src/logs/loki';
import { json, REQUEST_ID, TRACE_ID } from '../fixtures';

const data = (name: string) => (json(name) as { data: unknown }).data;
const lines = parseLines(data('loki-lines.json'), 'forward');

describe("Loki's lines of a request", () => {
  it('are in the order of time, with level, message and logger', () => {
    expect(lines.map(({ level, logger, message }) => [level, logger, message.slice(0, 44)])).toEqual([
      ['INFO', 'access', 'GET /api/v1/blog/posts 200 1211 ms'],
      ['WARNING', 'telemetry.slow', 'slow request: GET /api/v1/blog/posts took 1.'],
      ['WARNING', 'telemetry.hub', 'hub held for 0.721 s (frozen) by GET /api/v1'],
    ]);
    expect(parseLines(data('loki-lines.json'), 'backward').map(({ ns }) => ns)).toEqual(
      lines.map(({ ns }) => ns).reverse(),
    );
  });

  it('belong to the request and to its trace', () => {
    for (const line of lines) {
      expect([line.requestId, line.traceId, line.service]).toEqual([REQUEST_ID, TRACE_ID, 'serene']);
    }
  });

  it('have the members of the line as fields, nested ones with dots', () => {
    const access = lines.find(({ logger }) => logger === 'access')!;
    expect(access.fields).toMatchObject({ status: '200', outcome: 'completed', http_route: '/api/v1/blog/posts' });
    expect(Number(access.fields['phases.db'])).toBeCloseTo(0.5895, 3);
    expect(JSON.parse(access.raw)).toMatchObject({ message: 'request' });
  });

  it('may be any text', () => {
    const [line] = parseLines(
      { resultType: 'streams', result: [{ stream: { level: 'warn' }, values: [['1700000000123456789', '{broken']] }] },
      'forward',
    );
    expect(line).toMatchObject({ message: '{broken', level: 'WARNING', unixMs: 1_700_000_000_123.456, traceId: '' });
  });
});

describe("Loki's numbers", () => {
  it('are lines by level over time, the worst level last', () => {
    const volume = parseVolume(data('loki-volume.json'));
    expect(volume.map(({ level, points }) => [level, points.length])).toEqual([
      ['UNKNOWN', 1],
      ['INFO', 6],
      ['WARNING', 7],
      ['ERROR', 4],
    ]);
    expect(volume.every(({ points }) => points.every(([ms, count]) => ms > 1.7e12 && count > 0))).toBe(true);
  });

  it('are no lines', () => {
    expect(() => parseLines(data('loki-volume.json'), 'forward')).toThrow(LokiAnswerError);
  });
});

describe('a level', () => {
  it.each([
    ['warn', 'WARNING'],
    ['ERROR', 'ERROR'],
    ['fatal', 'CRITICAL'],
    ['', 'UNKNOWN'],
  ])('%s is %s', (text, level) => {
    expect(levelOf(text)).toBe(level);
  });
});
