import { describe, expect, it } from 'vitest';

import { findRecord } from '../../src/record/findRecord';

const record = { requestId: 'r', phaseSeconds: {}, snapshots: [] };

describe('the record of a request', () => {
  it('is found at the worker that has it', async () => {
    const get = async (path: string) => (path === '/management/1/debug/requests/r?format=json' ? record : undefined);
    expect(await findRecord(['r'], [0, 1], get)).toMatchObject({ state: 'found', slot: 1, record: { requestId: 'r' } });
  });

  it('is absent where no worker has it', async () => {
    expect(await findRecord(['r'], [0, 1], async () => undefined)).toEqual({ state: 'absent', silentSlots: [] });
  });

  it('may be at a worker that does not answer, which is named', async () => {
    const get = async (path: string) => {
      if (path.startsWith('/management/0')) {
        throw new Error('refused');
      }
      return undefined;
    };
    expect(await findRecord(['r', 's'], [0, 1], get)).toEqual({ state: 'absent', silentSlots: [0] });
  });
});
