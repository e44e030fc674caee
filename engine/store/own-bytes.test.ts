import { serialize } from 'node:v8';
import { describe, expect, it } from 'vitest';
import { deserializeOwn } from './own-bytes.ts';

describe('values from bytes of their own', () => {
  const text = 'x'.repeat(10_000);

  it('are what was serialized, and do not keep its bytes', () => {
    const value = { text, numbers: Float64Array.of(1.5, Number.NaN), marks: Uint8Array.of(1, 2, 3), raw: Buffer.from('abc'), list: [1, null, 'a'] };
    const found = deserializeOwn(serialize(value)) as typeof value;
    expect(found).toEqual(value);
    for (const { buffer, byteLength } of [found.numbers, found.marks, found.raw]) expect(buffer.byteLength).toBe(byteLength);
  });

  it('share them where they are most of them', () => {
    const bytes = serialize({ marks: new Uint8Array(10_000).fill(7) });
    const { marks } = deserializeOwn(bytes) as { readonly marks: Uint8Array };
    expect(marks).toEqual(new Uint8Array(10_000).fill(7));
    expect(marks.buffer).toBe(bytes.buffer);
  });
});
