// Asks each worker for what it recorded of a request: any of them may have served it.
import type { GetJson } from '../trace/lookup';
import { parseRecord, type RequestRecord } from './record';

export type RecordResult =
  | { readonly state: 'found'; readonly slot: number; readonly record: RequestRecord }
  /** Every worker that answered has none. */
  | { readonly state: 'absent'; readonly silentSlots: readonly number[] };

/**
 * @param ids Of the request or of its trace, the likeliest first.
 * @param slots Of the workers.
 */
export async function findRecord(
  ids: readonly string[],
  slots: readonly number[],
  get: GetJson,
  signal?: AbortSignal,
): Promise<RecordResult> {
  const silent = new Set<number>();
  const answers = await Promise.all(
    slots.flatMap((slot) =>
      ids.map(async (id) => {
        try {
          const path = `/management/${slot}/debug/requests/${encodeURIComponent(id)}?format=json`;
          const record = parseRecord(await get(path, signal));
          return record === undefined ? undefined : { slot, record };
        } catch {
          silent.add(slot);
          return undefined;
        }
      }),
    ),
  );
  const found = answers.find((each) => each !== undefined);
  return found === undefined
    ? { state: 'absent', silentSlots: [...silent].sort((a, b) => a - b) }
    : { state: 'found', ...found };
}
