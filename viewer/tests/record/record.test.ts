import { describe, expect, it } from 'vitest';

import { factsOf, parseRecord, segmentsOfRecord, summaryOf } from '../../src/record/record';
import { json, REQUEST_ID } from '../fixtures';

const record = parseRecord(json('record.json'))!;

describe('the record of a slow request', () => {
  it('has what its worker saw', () => {
    expect([record.requestId, record.route, record.reason, record.inFlight]).toEqual([
      REQUEST_ID,
      '/api/v1/blog/posts',
      'slow',
      false,
    ]);
    expect(record.snapshots[0]!.stacks[0]!.frames.length).toBeGreaterThan(3);
    expect(record.events.map(({ name }) => name)).toEqual(['hub.waited', 'db.slow_command', 'hub.waited']);
  });

  it('has phases that fill its duration', () => {
    const filled = segmentsOfRecord(record).reduce((sum, { seconds }) => sum + seconds, 0);
    expect(filled).toBeCloseTo(record.durationSeconds, 3);
  });

  it('is summed up in a sentence', () => {
    expect(summaryOf(record)).toBe('completed, status 200; kept because it was slow.');
    expect(summaryOf({ ...record, inFlight: true })).toMatch(/^In flight\. Now: .+\.$/);
  });

  it('has facts, none of them empty', () => {
    const facts = new Map(factsOf(record));
    expect(facts.get('Request id')).toBe(REQUEST_ID);
    expect([...facts.values()].filter((value) => value === '')).toEqual([]);
  });

  it('is no other answer', () => {
    expect([parseRecord(undefined), parseRecord({ detail: 'none' })]).toEqual([undefined, undefined]);
  });
});
