import fc from 'fast-check';
import { expect, test } from 'vitest';
import { readCsvRecord } from './csv-record.ts';

const part = fc.constantFrom('a', ',', '"', '\r', '\n', '\r\n', ' ', '', '0', 'é', '日本', '\ufffd', '\0', '\ufeff');
const text = fc.array(part, { maxLength: 12 }).map((parts) => parts.join(''));
const broken = fc.constantFrom(Buffer.of(), Buffer.of(0xff), Buffer.of(0xe6, 0x97));

test('a line is read the same whether or not its bytes are looked at one by one', () => {
  fc.assert(
    fc.property(
      text,
      broken,
      text,
      fc.boolean(),
      fc.boolean(),
      fc.constantFrom(-1, 34),
      fc.constantFrom(44, 97),
      (before, bytes, after, last, translated, quote, delimiter) => {
        const all = Buffer.concat([Buffer.from(before), bytes, Buffer.from(`${after}\n`)]);
        for (let at = 0; at < all.length; at++) {
          // An escape character that does not occur changes nothing.
          const dialect = { delimiter, quote };
          expect(readCsvRecord(all, at, dialect, 1, last, translated)).toEqual(readCsvRecord(all, at, { ...dialect, escape: 1 }, 1, last, translated));
        }
      },
    ),
    { numRuns: 500 },
  );
});
