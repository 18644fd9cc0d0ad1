// Reads the profile of every worker; one that does not answer is named, and the others are shown.
import { viewerModel } from '../boards/sources';
import { SourceError, wasAborted } from '../data-sources/http';
import { decodeGzipped, type ProfileStack } from './pprof';

export interface WorkerProfile {
  slot: number;
  stacks: ProfileStack[];
  /** Why it could not be read; empty where it was. */
  problem: string;
}

export const MOST_SECONDS = 3600;

/** @param seconds before now, of whole minutes. */
export async function readProfiles(seconds: number, signal?: AbortSignal): Promise<WorkerProfile[]> {
  const { slots } = await viewerModel();
  return Promise.all(slots.map((slot) => readProfile(slot, seconds, signal)));
}

async function readProfile(slot: number, seconds: number, signal?: AbortSignal): Promise<WorkerProfile> {
  const path = `/management/${slot}/debug/profile?format=pprof&seconds=${seconds}`;
  try {
    const response = await fetch(path, { signal: signal ?? null });
    if (!response.ok || response.body === null) {
      throw new SourceError(path, response.status, `worker ${slot} answered ${response.status}`);
    }
    return { slot, stacks: await decodeGzipped(response.body), problem: '' };
  } catch (error) {
    if (wasAborted(error)) {
      throw error;
    }
    return { slot, stacks: [], problem: error instanceof Error ? error.message : String(error) };
  }
}
