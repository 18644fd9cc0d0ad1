// The committed boards, as the viewer's server has them.
import { useEffect, useState } from 'react';

import { getJson, wasAborted } from '../data-sources/http';
import { useTimeRange } from '../shell/time';
import type { AnnotationModel, Board } from './model';
import { annotationsOf, type Note } from './annotations';
import { viewerModel, type ViewerModel } from './sources';
import { lookupOf, resolve, type Variables } from './variables';

/** Everything that the panels of a board are drawn from, of one moment. */
export interface Snapshot {
  board: Board;
  viewer: ViewerModel;
  variables: Variables;
  notes: readonly Note[];
  range: ReturnType<typeof useTimeRange>['range'];
}

let boards: Promise<Board[]> | undefined;

async function readBoards(): Promise<Board[]> {
  const { boards: names } = await getJson<{ boards: string[] }>('/boards/index.json');
  return Promise.all(names.map((name) => getJson<Board>(`/boards/${name}.json`)));
}

/** Reads every board; once. */
export function allBoards(): Promise<Board[]> {
  boards ??= readBoards().catch((error: unknown) => {
    boards = undefined;
    throw error;
  });
  return boards;
}

interface Loaded<T> {
  value?: T;
  error?: Error;
}

/** Reads a board and the description of the viewer. */
export function useBoard(uid: string): Loaded<{ board: Board; viewer: ViewerModel }> {
  const [loaded, setLoaded] = useState<Loaded<{ board: Board; viewer: ViewerModel }>>({});
  useEffect(() => {
    let wanted = true;
    Promise.all([allBoards(), viewerModel()])
      .then(([found, viewer]) => {
        const board = found.find((each) => each.uid === uid);
        if (board === undefined) {
          throw new Error(`there is no board “${uid}”`);
        }
        return { value: { board, viewer } };
      })
      .catch((error: Error) => ({ error }))
      .then((result) => wanted && setLoaded(result));
    return () => {
      wanted = false;
    };
  }, [uid]);
  return loaded;
}

/** What the address says of a variable. */
export const askedIn =
  (search: URLSearchParams) =>
  (name: string): string[] =>
    search.getAll(`var-${name}`);

/** Whether the reader has switched a set of annotations on or off; else the board's own. */
export function isShown(annotation: AnnotationModel, search: URLSearchParams): boolean {
  const hidden = search.getAll('annotations-off').includes(annotation.name);
  const asked = search.getAll('annotations-on').includes(annotation.name);
  return asked || (annotation.enable !== false && !hidden);
}

/**
 * Reads the variables and annotations of a board, at each refresh and each change of the address.
 *
 * The last snapshot stays until the next one is complete.
 */
export function useSnapshot(
  loaded: { board: Board; viewer: ViewerModel } | undefined,
  address: string,
): Snapshot | undefined {
  const { range, tick } = useTimeRange();
  const [snapshot, setSnapshot] = useState<Snapshot>();
  useEffect(() => {
    if (loaded === undefined) {
      return undefined;
    }
    const abort = new AbortController();
    readSnapshot(loaded, new URLSearchParams(address), range, abort.signal)
      .then((next) => setSnapshot(next))
      .catch((error: unknown) => {
        if (!wasAborted(error)) {
          throw error;
        }
      });
    return () => abort.abort();
  }, [loaded, address, range, tick]);
  return snapshot?.board === loaded?.board ? snapshot : undefined;
}

async function readSnapshot(
  { board, viewer }: { board: Board; viewer: ViewerModel },
  search: URLSearchParams,
  range: Snapshot['range'],
  signal: AbortSignal,
): Promise<Snapshot> {
  const variables = await resolve(board.templating?.list ?? [], {
    asked: askedIn(search),
    range,
    sources: viewer.dataSources,
    signal,
  });
  signal.throwIfAborted();
  const shown = (board.annotations?.list ?? []).filter((one) => isShown(one, search));
  const lookup = lookupOf(variables, range);
  const context = { sources: viewer.dataSources, range, lookup, signal };
  const notes = await Promise.all(shown.map((one) => annotationsOf(one, context)));
  signal.throwIfAborted();
  return { board, viewer, variables, range, notes: notes.flat() };
}
