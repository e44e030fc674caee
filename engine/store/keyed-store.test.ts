import { expect, it } from 'vitest';
import { checksum, isIntact } from './keyed-store.ts';

const value = Uint8Array.of(255, 15, 73, 2);
const entry = (key: string, expires: number, sum: number) => ({ key, version: 1, value, expires, sum });

it('takes the checksums of earlier versions', () => {
  expect(isIntact(entry('["order-1"]', Number.POSITIVE_INFINITY, 604172602))).toBe(true);
  expect(isIntact(entry('k', 1_700_000_000_000, 1647683557))).toBe(true);
  expect(isIntact(entry('l', 1_700_000_000_000, 1647683557))).toBe(false);
});

it('tells another key, time and value by the checksum', () => {
  const sum = checksum('k', 5, value);
  expect(isIntact(entry('k', 5, sum))).toBe(true);
  expect(isIntact(entry('l', 5, sum))).toBe(false);
  expect(isIntact(entry('k', 6, sum))).toBe(false);
  expect(isIntact({ ...entry('k', 5, sum), value: Uint8Array.of(255, 15, 73, 3) })).toBe(false);
});
