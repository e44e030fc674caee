/** Rows by columns: they cost a fraction of what objects do, in memory and on their way to another thread. */
import { itemAt } from '../../../model/faults/missing.ts';
import type { ColumnType, Row, Schema, Value } from '../../../model/values/types.ts';
import { compile, rowSource, stringLiteral } from './rows.ts';

/** One column: numbers, of which NaN stands for null, or any values. */
export type Cells = Float64Array | Value[];

/** How rows of a schema are put into columns, and made of them again. */
export interface ColumnLayout {
  /** By column: whether its values are numbers. */
  readonly numeric: readonly boolean[];
  readonly write: (columns: Cells[], at: number, row: Row) => void;
  readonly read: (columns: readonly Cells[], at: number) => Row;
}

const numericTypes: ReadonlySet<ColumnType> = new Set(['integer', 'number', 'timestamp']);

export function columnLayout({ columns }: Schema): ColumnLayout {
  const numeric = columns.map(({ type }) => numericTypes.has(type));
  const writes = columns.map(({ name }, i) => {
    const read = `row[${stringLiteral(name)}]`;
    if (!numeric[i]) return `columns[${i}][at] = ${read};`;
    return `v = ${read}; if (typeof v === 'number') columns[${i}][at] = v; else if (v === null) columns[${i}][at] = NaN; else other(columns, ${i}, at, v);`;
  });
  const reads = columns.map(({ name }, i) => ({
    name,
    source: numeric[i] ? `((v = columns[${i}][at]) === v ? v : null)` : `columns[${i}][at]`,
  }));
  return {
    numeric,
    write: compile(`(columns, at, row) => { let v; ${writes.join(' ')} }`, { other: writeOther }),
    read: compile(`(columns, at) => { let v; return ${rowSource(reads)}; }`),
  };
}

/** Nothing is lost where a value is not of its column's type: the column then holds any. */
function writeOther(columns: Cells[], column: number, at: number, value: Value): void {
  const cells = itemAt(columns, column);
  if (!Array.isArray(cells)) columns[column] = Array.from(cells);
  (columns[column] as Value[])[at] = value;
}
