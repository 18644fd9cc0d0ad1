// Reads of the viewer's own server, which forwards them to the backends.

/** A read that failed, in words for the reader of a board. */
export class SourceError extends Error {
  constructor(
    readonly path: string,
    readonly status: number,
    message: string,
  ) {
    super(message);
    this.name = 'SourceError';
  }
}

export type Parameters = Readonly<Record<string, string | number | readonly string[] | undefined>>;

export function encode(parameters: Parameters): URLSearchParams {
  const encoded = new URLSearchParams();
  for (const [name, value] of Object.entries(parameters)) {
    for (const each of Array.isArray(value) ? value : value === undefined ? [] : [value]) {
      encoded.append(name, String(each));
    }
  }
  return encoded;
}

// Prometheus and Loki have `error`, a problem (RFC 9457) `detail`, Alertmanager `message`.
function reason(text: string): string {
  try {
    const body = JSON.parse(text) as Record<string, unknown>;
    const found = [body['error'], body['detail'], body['message']].find(
      (each) => typeof each === 'string' && each !== '',
    );
    return typeof found === 'string' ? found : text;
  } catch {
    return text;
  }
}

async function checked(path: string, response: Response): Promise<Response> {
  if (!response.ok) {
    const text = reason(await response.text()).trim().slice(0, 500);
    throw new SourceError(path, response.status, text || `status ${response.status}`);
  }
  return response;
}

async function read(path: string, init: RequestInit): Promise<Response> {
  try {
    return await fetch(path, init);
  } catch (error) {
    if (error instanceof DOMException && error.name === 'AbortError') {
      throw error;
    }
    throw new SourceError(path, 0, 'the viewer’s server does not answer');
  }
}

/** Reads JSON by GET. */
export async function getJson<T>(
  path: string,
  parameters: Parameters = {},
  signal?: AbortSignal,
): Promise<T> {
  const query = encode(parameters).toString();
  const response = await read(query ? `${path}?${query}` : path, {
    signal: signal ?? null,
    headers: { Accept: 'application/json' },
  });
  return (await (await checked(path, response)).json()) as T;
}

/** Reads JSON by a query in a form, which may be longer than an address. */
export async function postForm<T>(
  path: string,
  parameters: Parameters,
  signal?: AbortSignal,
): Promise<T> {
  const response = await read(path, {
    method: 'POST',
    body: encode(parameters),
    signal: signal ?? null,
    headers: { Accept: 'application/json' },
  });
  return (await (await checked(path, response)).json()) as T;
}

/** Reads a text by GET. */
export async function getText(path: string, signal?: AbortSignal): Promise<string> {
  const response = await read(path, { signal: signal ?? null, headers: { Accept: 'text/*' } });
  return (await checked(path, response)).text();
}

/** Whether an error is that of a read that was given up because its result is no longer wanted. */
export const wasAborted = (error: unknown): boolean =>
  error instanceof DOMException && error.name === 'AbortError';
