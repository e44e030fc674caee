import fc from 'fast-check';
import { expect, it } from 'vitest';
import { epochUnits, readEpoch } from './epoch.ts';
import { maxTimestamp } from './timestamp.ts';

it.each([
  ['1706702400', 'seconds', 1706702400000, true],
  ['1706702400.123', 'seconds', 1706702400123, true],
  ['1706702400.1234', 'seconds', 1706702400123, false],
  ['-0.5', 'seconds', -500, true],
  ['-1', 'microseconds', -1, false],
  ['-0', 'milliseconds', 0, true],
  ['1706702400123.0', 'milliseconds', 1706702400123, true],
  ['1706702400123000', 'microseconds', 1706702400123, true],
  ['1706702400123456789', 'nanoseconds', 1706702400123, false],
  [' 12 ', 'milliseconds', 12, true],
  ['999999', 'nanoseconds', 0, false],
] as const)('%s %s', (text, unit, ms, isExact) => expect(readEpoch(text, unit)).toEqual({ ms, isExact }));

it.each(['', 'x', '1e3', '1 2', '0x1', '8640000000001', '--1'])('%j is not a time in seconds', (text) => expect(readEpoch(text, 'seconds')).toBeNull());

it('agrees with whole-number arithmetic in every unit', () => {
  const perUnit = { seconds: 1_000_000_000n, milliseconds: 1_000_000n, microseconds: 1000n, nanoseconds: 1n };
  fc.assert(
    fc.property(fc.constantFrom(...epochUnits), fc.bigInt({ min: -(10n ** 21n), max: 10n ** 21n }), (unit, count) => {
      const nanoseconds = count * perUnit[unit];
      const rest = ((nanoseconds % 1_000_000n) + 1_000_000n) % 1_000_000n;
      const ms = Number((nanoseconds - rest) / 1_000_000n);
      const read = readEpoch(String(count), unit);
      if (Math.abs(ms) > maxTimestamp) expect(read).toBeNull();
      else expect(read).toEqual({ ms, isExact: rest === 0n });
    }),
  );
});
