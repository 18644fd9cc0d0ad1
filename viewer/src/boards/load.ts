// The committed boards, as the viewer's server has them.
import { useEffect, useState } from 'react';

import { getJson, wasAborted } from '../data-sources/http';
import { useTimeRange } from '../shell/time';
import type { AnnotationModel, Board } from './model';
import { annotationsOf, type Note } from './annotations';
import { viewerModel, type ViewerModel } from './sources';
import { knownAtOnce, lookupOf, resolve, type Variables } from './variables';

/** What the queries of a board depend on, at one moment; panels read again when it is another. */
export interface Reading {
  variables: Variables;
  range: ReturnType<typeof useTimeRange>['range'];
  viewer: ViewerModel;
}

/** Everything that a board is drawn from. */
export interface Snapshot extends Reading {
  board: Board;
  notes: readonly Note[];
  /** The same as long as queries need not be sent again, while options and notes arrive. */
  reading: Reading;
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
 * The last snapshot stays until there is a next one. Panels wait neither for annotations nor, where
 * they do not need them, for the options of the variables.
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
    const publish = (next: Snapshot) => {
      abort.signal.throwIfAborted();
      setSnapshot((last) => carriedOver(next, last));
    };
    readSnapshot(loaded, new URLSearchParams(address), range, abort.signal, publish).catch(
      (error: unknown) => {
        if (!wasAborted(error)) {
          throw error;
        }
      },
    );
    return () => abort.abort();
  }, [loaded, address, range, tick]);
  return loaded === undefined || snapshot?.board === loaded.board ? snapshot : undefined;
}

/** A snapshot whose options and notes are not read yet, with those of the last one. */
function carriedOver(next: Snapshot, last: Snapshot | undefined): Snapshot {
  const isFirst = last?.board !== next.board || last.reading === next.reading;
  return isFirst ? next : { ...next, variables: withOptions(next.variables, last.variables), notes: last.notes };
}

function withOptions(variables: Variables, last: Variables): Variables {
  return new Map(
    [...variables].map(([name, variable]) => {
      const options = variable.options.length > 0 ? variable.options : last.get(name)?.options;
      return [name, { ...variable, options: options ?? [] }];
    }),
  );
}

async function readSnapshot(
  { board, viewer }: { board: Board; viewer: ViewerModel },
  search: URLSearchParams,
  range: Reading['range'],
  signal: AbortSignal,
  publish: (snapshot: Snapshot) => void,
): Promise<void> {
  const models = board.templating?.list ?? [];
  const surroundings = { asked: askedIn(search), range, sources: viewer.dataSources, signal };
  const atOnce = knownAtOnce(models, surroundings);
  const resolved = resolve(models, surroundings);
  // Given up before they are awaited, their rejections are nobody's.
  resolved.catch(() => undefined);
  const reading = { variables: atOnce ?? (await resolved), range, viewer };
  const first: Snapshot = { ...reading, board, reading, notes: [] };
  publish(first);
  const shown = (board.annotations?.list ?? []).filter((one) => isShown(one, search));
  const lookup = lookupOf(reading.variables, range);
  const context = { sources: viewer.dataSources, range, lookup, signal };
  const notes = Promise.all(shown.map((one) => annotationsOf(one, context)));
  notes.catch(() => undefined);
  publish({ ...first, variables: await resolved, notes: (await notes).flat() });
}
