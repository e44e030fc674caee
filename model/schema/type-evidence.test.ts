import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { inferFromText } from './infer.ts';
import { decideText } from './type-evidence.ts';

const typeOf = (cells: readonly (string | null)[]) =>
  inferFromText(
    ['c'],
    cells.map((cell) => [cell]),
  ).columns[0]!.type;
const decided = (...cells: (string | null)[]) => decideText(cells, typeOf(cells), typeOf);

describe('the cell that decides a type', () => {
  it('is the first with which the column has it', () => {
    expect(decided('1', '2', null, '007', 'x')).toEqual({
      at: 3,
      because: '"007" as an integer would not be what was written; the 2 cells before it are whole numbers. One cell is empty.',
    });
    expect(decided('1', '2.5')).toEqual({ at: 1, because: 'All 2 cells are numbers.' });
    expect(decided('1.9', '1.10').because).toContain('has another number of decimals');
    expect(decided('2026-01-31', '2026-01-31 12:00')).toEqual({
      at: 1,
      because: 'All 2 cells are times (ISO 8601). "2026-01-31 12:00" names no zone: it is read as UTC.',
    });
    expect(decided('01730')).toEqual({ at: 0, because: '"01730" as an integer would not be what was written.' });
    expect(decided('true', '1').at).toBe(1);
    expect(decided('', null)).toMatchObject({ at: -1 });
  });

  it('for any cells: without it the type is another one', () => {
    const cell = fc.oneof(
      fc.constantFrom(null, '', '1', '-5', '2.5', '1.10', '007', 'true', '2026-01-31', '2026-01-31T12:00:00Z', 'x', '9007199254740993'),
      fc.string(),
    );
    fc.assert(
      fc.property(fc.array(cell, { maxLength: 30 }), (cells) => {
        const { at } = decided(...cells);
        const saying = (some: typeof cells) => some.filter((each) => each !== null && each.trim() !== '');
        if (at === -1) return saying(cells).length === 0;
        const before = saying(cells.slice(0, at));
        return typeOf(cells.slice(0, at + 1)) === typeOf(cells) && (before.length === 0 || typeOf(before) !== typeOf(cells));
      }),
    );
  });
});
