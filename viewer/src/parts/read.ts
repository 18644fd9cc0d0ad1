// Reads for which "not there" is a result and no failure.
import { getJson, SourceError, type Parameters } from '../data-sources/http';

/** JSON of a path; undefined where the server has no such thing. */
export async function getOrNothing(
  path: string,
  signal?: AbortSignal,
  parameters: Parameters = {},
): Promise<unknown> {
  try {
    return await getJson<unknown>(path, parameters, signal);
  } catch (error) {
    if (error instanceof SourceError && error.status === 404) {
      return undefined;
    }
    throw error;
  }
}
