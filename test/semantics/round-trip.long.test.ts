import fc from 'fast-check';
import { describe, it } from 'vitest';
import { expectPrinted, expectSame, tables, ways } from './round-trip.ts';

describe('many tables of any types are the same after they were written and read back', () => {
  it.each(Object.keys(ways))('as %s', async (way) => {
    await fc.assert(
      fc.asyncProperty(tables, (table) => expectSame(table, way)),
      { numRuns: 2000 },
    );
  });

  it('on standard output as in files', async () => {
    await fc.assert(fc.asyncProperty(tables, expectPrinted), { numRuns: 300 });
  });
});
