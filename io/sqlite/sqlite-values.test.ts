import fc from 'fast-check';
import { expect, test } from 'vitest';
import '../../test/property-seed.ts';
import { type Bound, ValueReader, ValueWriter } from './sqlite-values.ts';

test('any values come back as they were bound', () => {
  const value = fc.oneof(
    fc.constantFrom<Bound>(null, -0, 2 ** 31, -(2 ** 31), 2 ** 53 - 1, Number.NaN, Number.POSITIVE_INFINITY, ''),
    fc.integer(),
    fc.double(),
    fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
    fc.string({ unit: 'grapheme', maxLength: 60 }),
    fc.string({ unit: 'binary-ascii', maxLength: 60 }),
    fc.uint8Array({ maxLength: 60 }).map((bytes) => Buffer.from(bytes)),
    fc.constant('ö'.repeat(100_000)),
  );
  fc.assert(
    fc.property(fc.array(value), (values) => {
      const writer = new ValueWriter();
      writer.uint32(values.length);
      for (const each of values) writer.value(each);
      const reader = new ValueReader(writer.buffer.subarray(0, writer.at));
      const read = Array.from({ length: reader.uint32() }, () => reader.value());
      expect(read).toEqual(values);
      expect(reader.isAtEnd).toBe(true);
    }),
  );
});
