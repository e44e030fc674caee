import fc from 'fast-check';
import { describe, it } from 'vitest';
import { expectPrinted, expectSame, tables, ways } from './round-trip.ts';

describe('a table of any types is the same after it was written and read back', () => {
  it.each(Object.keys(ways))('as %s', async (way) => {
    await fc.assert(
      fc.asyncProperty(tables, (table) => expectSame(table, way)),
      { numRuns: 12 },
    );
  });

  it('on standard output as in files', async () => {
    await fc.assert(fc.asyncProperty(tables, expectPrinted), { numRuns: 5 });
  });
});
