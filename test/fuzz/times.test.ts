import { describe, test } from 'vitest';
import { has } from './python.ts';
import { expectDecimals, expectIsoTimes, expectNumberFormats, expectZonedTimes } from './times.ts';

describe.skipIf(!has.python)('beside Python’s datetime, zoneinfo and decimal', () => {
  test('times of ISO 8601 are the same', () => expectIsoTimes(3000));
  test('local times in a pattern and a zone are the same', () => expectZonedTimes(1000));
  test('decimals are kept, cast or refused by the same rule', () => expectDecimals(3000));
  test('numbers as people write them keep every digit', () => expectNumberFormats(1500));
});
