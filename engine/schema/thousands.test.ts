import { expect, it } from 'vitest';
import { thousands } from './thousands.ts';

it('groups digits as the English locale does', () => {
  for (const count of [0, 7, 999, 1000, 65_536, 999_999, 1_000_000, 1_234_567_890, Number.MAX_SAFE_INTEGER, -1, -999, -1000, -123_456])
    expect(thousands(count)).toBe(count.toLocaleString('en-US'));
});
