// A profile of a worker's hub, decoded from pprof's protobuf message.
//
// That form alone has the nanoseconds, the route and the kind of each stack; the collapsed one has
// numbers of samples. Source: github.com/google/pprof, `proto/profile.proto`.

export interface ProfileStack {
  /** `module:function`, outermost first. */
  readonly labels: readonly string[];
  readonly route: string;
  /** `cpu` where it computed, else what it waited for. */
  readonly kind: string;
  readonly samples: number;
  readonly nanoseconds: number;
}

/** What a worker returned: one after gzip. */
export async function decodeGzipped(body: ReadableStream<Uint8Array>): Promise<ProfileStack[]> {
  const plain = body.pipeThrough(
    new DecompressionStream('gzip') as unknown as ReadableWritablePair<Uint8Array, Uint8Array>,
  );
  return decode(new Uint8Array(await new Response(plain as unknown as BodyInit).arrayBuffer()));
}

interface Field {
  readonly number: number;
  /** Of a field of wire type 0; else 0. */
  readonly value: number;
  /** Of a field of wire type 2; else empty. */
  readonly bytes: Uint8Array;
}

const EMPTY = new Uint8Array();
const UTF8 = new TextDecoder();

export function decode(message: Uint8Array): ProfileStack[] {
  const strings: string[] = [];
  const names = new Map<number, number>();
  const functions = new Map<number, number>();
  const samples: Uint8Array[] = [];
  for (const { number, bytes } of fieldsOf(message)) {
    if (number === 2) {
      samples.push(bytes);
    } else if (number === 4) {
      const [location, line] = readLocation(bytes);
      functions.set(location, line);
    } else if (number === 5) {
      const [id, name] = readFunction(bytes);
      names.set(id, name);
    } else if (number === 6) {
      strings.push(UTF8.decode(bytes));
    }
  }
  const nameOf = (location: number): string =>
    strings[names.get(functions.get(location) ?? 0) ?? 0] || '(unknown)';
  return samples.map((sample) => stackOf(sample, strings, nameOf));
}

function stackOf(
  sample: Uint8Array,
  strings: readonly string[],
  nameOf: (location: number) => string,
): ProfileStack {
  const labels: string[] = [];
  const values: number[] = [];
  const tags: Record<string, string> = {};
  for (const { number, bytes } of fieldsOf(sample)) {
    if (number === 1) {
      labels.push(...numbersOf(bytes).map(nameOf));
    } else if (number === 2) {
      values.push(...numbersOf(bytes));
    } else if (number === 3) {
      const fields = [...fieldsOf(bytes)];
      const part = (wanted: number): string =>
        strings[fields.find((each) => each.number === wanted)?.value ?? 0] ?? '';
      tags[part(1)] = part(2);
    }
  }
  return {
    labels: labels.reverse(),
    route: tags['route'] ?? '',
    kind: tags['kind'] ?? '',
    samples: values[0] ?? 0,
    nanoseconds: values[1] ?? 0,
  };
}

function readLocation(bytes: Uint8Array): [number, number] {
  let id = 0;
  let functionId = 0;
  for (const field of fieldsOf(bytes)) {
    if (field.number === 1) {
      id = field.value;
    } else if (field.number === 4) {
      functionId = [...fieldsOf(field.bytes)].find((each) => each.number === 1)?.value ?? 0;
    }
  }
  return [id, functionId];
}

function readFunction(bytes: Uint8Array): [number, number] {
  const fields = [...fieldsOf(bytes)];
  const part = (wanted: number): number => fields.find((each) => each.number === wanted)?.value ?? 0;
  return [part(1), part(2)];
}

function* fieldsOf(bytes: Uint8Array): Generator<Field> {
  const reader = new Reader(bytes);
  while (!reader.isAtEnd) {
    const tag = reader.varint();
    const number = Math.floor(tag / 8);
    switch (tag % 8) {
      case 0:
        yield { number, value: reader.varint(), bytes: EMPTY };
        break;
      case 1:
        yield { number, value: 0, bytes: reader.take(8) };
        break;
      case 2:
        yield { number, value: 0, bytes: reader.take(reader.varint()) };
        break;
      case 5:
        yield { number, value: 0, bytes: reader.take(4) };
        break;
      default:
        throw new Error(`The profile is no pprof message: wire type ${tag % 8}.`);
    }
  }
}

function numbersOf(bytes: Uint8Array): number[] {
  const reader = new Reader(bytes);
  const found: number[] = [];
  while (!reader.isAtEnd) {
    found.push(reader.varint());
  }
  return found;
}

class Reader {
  private at = 0;

  constructor(private readonly bytes: Uint8Array) {}

  get isAtEnd(): boolean {
    return this.at >= this.bytes.length;
  }

  /** Exact to 2^53; the numbers of a profile are below. */
  varint(): number {
    let value = 0;
    let factor = 1;
    for (;;) {
      const byte = this.bytes[this.at];
      if (byte === undefined) {
        throw new Error('The profile ends within a number.');
      }
      this.at += 1;
      value += (byte & 0x7f) * factor;
      if (byte < 0x80) {
        return value;
      }
      factor *= 128;
    }
  }

  take(length: number): Uint8Array {
    const end = this.at + length;
    if (end > this.bytes.length) {
      throw new Error('The profile ends within a field.');
    }
    const taken = this.bytes.subarray(this.at, end);
    this.at = end;
    return taken;
  }
}
