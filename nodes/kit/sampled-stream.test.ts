import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { Row } from '../../engine/schema/types.ts';
import type { Reader, SourceBatch } from './node.ts';
import { asStream } from './sampled-stream.ts';

/** A reader of batches with so many rows each, every other of them as a promise. */
function readerOf(sizes: readonly number[]): Reader {
  let at = 0;
  let line = 0;
  const read = (): SourceBatch | null => {
    const size = sizes[at++];
    if (size === undefined) return null;
    const first = line;
    line += size;
    return {
      rows: Array.from({ length: size }, (_, i) => ({ line: first + i })),
      locate: (index) => ({ source: 'rows', line: first + index }),
    };
  };
  return { read: () => (at % 2 === 0 ? read() : Promise.resolve(read())), position: () => at, close() {} };
}

it('gives the same rows, each with its place, in batches of at most fifty', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.integer({ min: 1, max: 230 }), { maxLength: 6 }), async (sizes) => {
      const stream = asStream(readerOf(sizes));
      const rows: Row[] = [];
      for (let batch = await stream.read(); batch !== null; batch = await stream.read()) {
        expect(batch.rows.length).toBeGreaterThan(0);
        expect(batch.rows.length).toBeLessThanOrEqual(50);
        expect(batch.rows.map((_, i) => batch?.locate?.(i).line)).toEqual(batch.rows.map(({ line }) => line));
        rows.push(...batch.rows);
      }
      const total = sizes.reduce((sum, size) => sum + size, 0);
      expect(rows.map(({ line }) => line)).toEqual(Array.from({ length: total }, (_, i) => i));
    }),
  );
});
