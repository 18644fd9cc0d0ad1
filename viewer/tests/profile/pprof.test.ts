import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';

import { costsBy, flameBoxes } from '../../src/profile/flame';
import { decode, decodeGzipped } from '../../src/profile/pprof';
import { bytes } from '../fixtures';

const body = bytes('profile.pb.gz');
const stacks = decode(gunzipSync(body));

describe("a worker's profile", () => {
  it('is decoded from gzip as it is without', async () => {
    const stream = new Blob([body.buffer as ArrayBuffer]).stream();
    expect(await decodeGzipped(stream)).toEqual(stacks);
  });

  it('has stacks from the outermost function on, with route, kind and time', () => {
    const posts = stacks.find(({ route }) => route === '/api/v1/blog/posts')!;
    expect(posts.labels[0]).toMatch(/^gevent/);
    expect(posts.labels.every((label) => /^[\w.]+:.+/.test(label))).toBe(true);
    expect(stacks.every(({ samples, nanoseconds }) => samples > 0 && nanoseconds > 0)).toBe(true);
    expect(new Set(costsBy(stacks, 'kind').map(({ name }) => name))).toEqual(
      new Set(['cpu', 'blocked', 'gil', 'frozen'].filter((kind) => stacks.some((each) => each.kind === kind))),
    );
  });

  it('loses no time on its way into the graph', () => {
    const total = stacks.reduce((sum, { nanoseconds }) => sum + nanoseconds, 0);
    const boxes = flameBoxes(stacks, true);
    expect(boxes[0]!.value).toBe(total);
    expect(boxes.reduce((sum, { self }) => sum + self, 0)).toBe(total);
  });

  it('is refused where it is cut', () => {
    const plain = gunzipSync(body);
    expect(() => decode(plain.subarray(0, plain.length - 3))).toThrow('ends within');
    expect(() => decode(new Uint8Array([0x0f]))).toThrow('no pprof message');
  });
});
