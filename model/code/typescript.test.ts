import fc from 'fast-check';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';
import { columnTypes, type Schema } from '../values/types.ts';
import { columnAccess, rowDeclaration, snippetLibrary } from './typescript.ts';

const syntaxErrors = (source: string) => ts.transpileModule(source, { reportDiagnostics: true }).diagnostics ?? [];

describe('rowDeclaration', () => {
  it('has a typed property per column', () => {
    const schema: Schema = {
      columns: [
        { name: 'at', type: 'timestamp', nullable: false },
        { name: 'wind speed', type: 'number', nullable: true },
      ],
    };
    expect(rowDeclaration(schema, { withNull: false })).toBe(`interface Row {
  /** timestamp: milliseconds since 1970-01-01 UTC */
  readonly at: number;
  /** number, or null */
  readonly "wind speed": number;
}`);
    expect(rowDeclaration({ columns: [] }, { name: 'Empty', withNull: true })).toBe('interface Empty {\n}');
  });

  it('says null where it was seen, or where nothing is known', () => {
    const schema: Schema = {
      columns: [
        { name: 'seen', type: 'string', nullable: true },
        { name: 'unseen', type: 'string', nullable: true, nulls: 'unseen' },
        { name: 'never', type: 'string', nullable: false },
        { name: 'any', type: 'json', nullable: true },
      ],
    };
    expect(rowDeclaration(schema, { withNull: true })).toBe(`interface Row {
  /** string, or null */
  readonly seen: string | null;
  /** string (no null in the sample) */
  readonly unseen: string;
  /** string */
  readonly never: string;
  /** json, or null */
  readonly any: any;
}`);
  });

  it('quotes letters that are newer than a parser may be', () => {
    // Found by the test below.
    expect(columnAccess('\u{323b0}')).toBe('["\u{323b0}"]');
    expect(['größe', 'температура', '温度', '온도', 'a b'].map(columnAccess)).toEqual(['.größe', '.температура', '.温度', '.온도', '["a b"]']);
  });

  it('is TypeScript, and so is the access, whatever the names', () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.string({ unit: 'binary' }), { maxLength: 4 }), (names) => {
        const schema: Schema = { columns: names.map((name, i) => ({ name, type: columnTypes[i % columnTypes.length]!, nullable: i % 2 === 0 })) };
        expect(
          syntaxErrors(
            `${rowDeclaration(schema, { withNull: true })}\ndeclare const row: Row;\n${names.map((name) => `row${columnAccess(name)};`).join('\n')}`,
          ),
        ).toEqual([]);
      }),
    );
  });
});

it('the snippet library is TypeScript', () => {
  expect(syntaxErrors(snippetLibrary)).toEqual([]);
});
