import { describe, expect, it } from 'vitest';

import { byLength, PHASE_COLOURS, PHASES, phasesOf, segmentsOfSpan } from '../../src/trace/phases';
import { event, span } from './factories';

const request = span('server', {
  durationMs: 1000,
  attributes: {
    'request.phase.queue': 0.1,
    'request.phase.cpu': 0.2,
    'request.phase.db': 0.7,
    'request.phase.gc': 0,
    'request.phase.invented': 1,
  },
});

const placed = (from: number, seconds: number) => [
  expect.closeTo(from) as number,
  expect.closeTo(seconds) as number,
];

describe('phases', () => {
  it('are those that took time, under their known names', () => {
    expect(phasesOf(request.attributes)).toEqual({ queue: 0.1, cpu: 0.2, db: 0.7 });
    expect(byLength(phasesOf(request.attributes)).map(([phase]) => phase)).toEqual(['db', 'cpu', 'queue']);
  });

  it('stand one after the other where nothing more is known', () => {
    expect(segmentsOfSpan(request).map((each) => [each.phase, each.fromSeconds, each.seconds])).toEqual([
      ['queue', ...placed(0, 0.1)],
      ['cpu', ...placed(0.1, 0.2)],
      ['db', ...placed(0.3, 0.7)],
    ]);
  });

  it('are cut at each snapshot, whose seconds are known', () => {
    const snapshot = event('request.snapshot', {
      attributes: { 'request.age': 0.5, 'request.phase.queue': 0.1, 'request.phase.db': 0.4 },
    });
    expect(
      segmentsOfSpan({ ...request, events: [snapshot] }).map((each) => [
        each.phase,
        each.fromSeconds,
        each.seconds,
      ]),
    ).toEqual([
      ['queue', ...placed(0, 0.1)],
      ['db', ...placed(0.1, 0.4)],
      ['cpu', ...placed(0.5, 0.2)],
      ['db', ...placed(0.7, 0.3)],
    ]);
  });

  it('never reach beyond the end of the span', () => {
    const long = span('server', { durationMs: 100, attributes: { 'request.phase.db': 7 } });
    expect(segmentsOfSpan(long)).toEqual([{ phase: 'db', fromSeconds: 0, seconds: 0.1 }]);
  });

  it('have a colour each, on either ground', () => {
    for (const ground of ['light', 'dark'] as const) {
      expect(new Set(PHASES.map((phase) => PHASE_COLOURS[phase][ground])).size).toBe(PHASES.length);
    }
  });
});
