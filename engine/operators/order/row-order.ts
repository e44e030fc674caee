import { findColumn } from '@millrace/kit/columns';
import { itemAt } from '../../../model/faults/missing.ts';
import { compareDecimals } from '../../../model/values/decimal.ts';
import type { Row, Schema, Value } from '../../../model/values/types.ts';
import { columnReader, compile } from '../rows/rows.ts';
import type { PackedOrder } from '../spill/sorted-runs.ts';

/** Numbers, decimals and times by size, false before true, text by its UTF-16 code units; null last in both directions. */
export type OrderBy = readonly { readonly column: string; readonly direction: 'asc' | 'desc' }[];

/** A generated function is several times as fast as a loop over the columns. `value` is the source of a column's value in `a` or `b`. */
function comparison(by: OrderBy, schema: Schema, value: (index: number, of: 'a' | 'b') => string, equal: string): string {
  const steps = by.map(({ column, direction }, i) => {
    const [before, after] = direction === 'asc' ? [-1, 1] : [1, -1];
    const least = isDecimal(schema, column) ? 'x = compareDecimals(x, y); y = 0; ' : '';
    return `x = ${value(i, 'a')}; y = ${value(i, 'b')}; if (x !== y) { if (x === null) return 1; if (y === null) return -1; ${least}if (x < y) return ${before}; if (x > y) return ${after}; }`;
  });
  return `(a, b) => { let x, y; ${steps.join(' ')} return ${equal}; }`;
}

function isDecimal(schema: Schema, column: string): boolean {
  return findColumn(schema, column)?.type === 'decimal';
}

/** Rows in order; equal ones stay as they are. Values that lie in one array per column are compared faster than when they are read from the rows again and again. */
export function* inOrder(by: OrderBy, rows: readonly Row[], schema: Schema): Iterable<Row> {
  const columns = by.map(({ column }) => {
    const values: Value[] = [];
    columnReader(column)(rows, values);
    return values;
  });
  const constants = Object.fromEntries(columns.map((values, i) => [`c${i}`, values]));
  const order = compile<(a: number, b: number) => number>(
    comparison(by, schema, (i, of) => `c${i}[${of}]`, 'a - b'),
    { ...constants, compareDecimals },
  );
  for (const index of Uint32Array.from(rows, (_, i) => i).sort(order)) yield rows[index]!;
}

/** The same order for packed rows. `columns`: what lies at each place, null where that is no column. */
export function packedOrder(by: OrderBy, columns: readonly (string | null)[], schema: Schema): PackedOrder {
  return compile(
    comparison(by, schema, (i, of) => `${of}[${columns.indexOf(itemAt(by, i).column)}]`, '0'),
    { compareDecimals },
  );
}
