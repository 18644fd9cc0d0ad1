// Something that is read from a server, with what a page has to show meanwhile and afterwards.
import { useCallback, useEffect, useState, type DependencyList } from 'react';

import { wasAborted } from '../data-sources/http';

export interface Load<T> {
  state: 'loading' | 'done' | 'failed';
  /** The last one that was read; also while it is read again. */
  value: T | undefined;
  /** Why it could not be read, in words. */
  problem: string;
  reload(): void;
}

interface Held<T> {
  state: Load<T>['state'];
  value: T | undefined;
  problem: string;
}

/**
 * Reads something, and again when a dependency changes.
 *
 * @param read given up by its signal when the result is no longer wanted.
 * @param dependencies as of an effect.
 * @param options `keep`: the value stays while another one is read.
 */
export function useLoad<T>(
  read: (signal: AbortSignal) => Promise<T>,
  dependencies: DependencyList,
  { keep = false }: { keep?: boolean } = {},
): Load<T> {
  const [held, setHeld] = useState<Held<T>>({ state: 'loading', value: undefined, problem: '' });
  const [attempt, setAttempt] = useState(0);
  useEffect(() => {
    const control = new AbortController();
    setHeld((before) => ({
      state: 'loading',
      value: keep ? before.value : undefined,
      problem: '',
    }));
    read(control.signal).then(
      (value) => {
        if (!control.signal.aborted) {
          setHeld({ state: 'done', value, problem: '' });
        }
      },
      (error: unknown) => {
        if (!control.signal.aborted && !wasAborted(error)) {
          const problem = error instanceof Error ? error.message : String(error);
          setHeld((before) => ({ state: 'failed', value: keep ? before.value : undefined, problem }));
        }
      },
    );
    return () => control.abort();
  }, [...dependencies, attempt]);
  const reload = useCallback(() => setAttempt((count) => count + 1), []);
  return { ...held, reload };
}
