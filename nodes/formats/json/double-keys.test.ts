import fc from 'fast-check';
import { expect, it } from 'vitest';
import { hasDoubleKeys } from './double-keys.ts';

const blanks = fc.constantFrom('', '', ' ', '\t', '\r\n');
const keys = fc.constantFrom('a', 'b', '": ', ':', 'a\\', '__proto__', '1').map((key) => JSON.stringify(key));
const values = fc.oneof(
  fc.jsonValue().map((value) => JSON.stringify(value)),
  fc.constantFrom('":"', '"12:30:00"', JSON.stringify('"a": "b"')),
);
const entries = fc.array(fc.tuple(keys, values, blanks, blanks), { maxLength: 5 });

it('is told of an object exactly where it has fewer keys than were written, with blanks wherever JSON has them', () => {
  fc.assert(
    fc.property(entries, (found) => {
      const text = `{${found.map(([key, value, before, behind]) => `${behind}${key}${before}:${behind}${value}${before}`).join(',')}}`;
      const list = `[1,${text},{"x":${text}}]`;
      const isDoubled = new Set(found.map(([key]) => key)).size < found.length;
      for (const source of [text, list]) expect(hasDoubleKeys(source, JSON.parse(source))).toBe(isDoubled);
    }),
    { numRuns: 1000 },
  );
});
