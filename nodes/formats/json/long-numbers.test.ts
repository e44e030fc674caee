import fc from 'fast-check';
import { expect, it } from 'vitest';
import { isExactDecimal } from '../../../model/values/exact.ts';
import { hasLongNumber } from './long-numbers.ts';

const digits = (maxLength: number) => fc.stringMatching(new RegExp(`^\\d{1,${maxLength}}$`));
const numbers = fc.oneof(
  fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => JSON.stringify(value)),
  fc.bigInt({ min: -(10n ** 20n), max: 10n ** 20n }).map(String),
  fc
    .tuple(fc.constantFrom('', '-'), fc.constantFrom('0', '1', '12', '1234567'), digits(20), fc.constantFrom('', '', 'e5', 'E+12', 'e-320', 'E-400', 'e999'))
    .map(([sign, whole, fraction, exponent]) => `${sign}${whole}.${fraction}${exponent}`),
);
const texts = fc.oneof(digits(30), fc.string(), fc.constant('a\\"1234567890.1234567890')).map((text) => JSON.stringify(text));
const values = fc.oneof(numbers, texts, fc.constantFrom('true', 'null', '{}'));
const documents = fc.tuple(fc.array(values), fc.constantFrom(',', ' ,\n')).map(([items, between]) => `{"id":[${items.join(between)}]}`);

it('JSON.parse rounds no number of a text without long ones', () => {
  fc.assert(
    fc.property(documents, (text) => {
      const rounded: string[] = [];
      JSON.parse(text, ((_key: string, value: unknown, { source }: { source?: string }) => {
        if (typeof value === 'number' && !isExactDecimal(source!)) rounded.push(source!);
      }) as never);
      if (!hasLongNumber(text)) expect(rounded).toEqual([]);
    }),
    { numRuns: 2000 },
  );
});

it('finds no long number where doubles are written as they are, or digits stand in a text', () => {
  fc.assert(
    fc.property(fc.jsonValue(), digits(30), (value, text) => {
      expect(hasLongNumber(JSON.stringify([value, text, 0.1 + 0.2, 2 / 3, -5e-324, Number.MAX_VALUE]))).toBe(false);
    }),
  );
});

it.each(['9007199254740993', '-0.10000000000000001', '12345678901234.123456', '1.2345678901234567890e5', '1e999', '-1E-400', '4e-324'])(
  '%s is one, wherever it stands',
  (number) => {
    for (let at = 0; at < 40; at++) expect(hasLongNumber(`{"${'x'.repeat(at)}":[${number},1]}`)).toBe(true);
  },
);
