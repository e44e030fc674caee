/** Values from elsewhere (parsed JSON, a database) as rows of a schema. */
import type { Column, Row, Schema, Value } from '../../model/values/types.ts';
import { setColumn } from '../../model/values/values.ts';
import { generatedFunction } from './generated-function.ts';
import { rowLiteral } from './row-code.ts';

/** The value of a column, or undefined if `found` is not a plain one: the row is then converted by the slow path. */
export type Conversion = (found: unknown) => Value | undefined;

/**
 * A function that makes rows: `reads` are expressions over `input`, one for each column, and `guard` one that must be true. The function
 * returns undefined for anything unusual.
 */
export function compileRows<I>(schema: Schema, reads: readonly string[], conversions: readonly Conversion[], guard = 'true'): (input: I) => Row | undefined {
  const given = Object.fromEntries(conversions.map((conversion, i) => [`convert${i}`, conversion]));
  const names = schema.columns.map(({ name }) => name);
  return generatedFunction<(input: I) => Row | undefined>(
    given,
    `function toRow(input) {
      if (!(${guard})) return undefined;
      ${reads.map((read, i) => `const v${i} = convert${i}(${read}); if (v${i} === undefined) return undefined;`).join('\n')}
      return ${rowLiteral(
        names,
        reads.map((_, i) => `v${i}`),
      )};
    }`,
  );
}

/** A row, or the error of the first column that could not be converted. */
export function convertRow(
  schema: Schema,
  read: (column: Column, index: number) => { readonly ok: true; readonly value: Value } | { readonly ok: false; readonly message: string },
): { readonly row: Row } | { readonly column: Column; readonly message: string } {
  const row: Record<string, Value> = {};
  for (const [i, column] of schema.columns.entries()) {
    const found = read(column, i);
    if (!found.ok) return { column, message: found.message };
    setColumn(row, column.name, found.value);
  }
  return { row };
}
