/** Types that the user sets by hand over those that were found. */
import { nameList } from '../../engine/schema/name-list.ts';
import { nullness } from '../../engine/schema/nulls.ts';
import type { Fix } from '../../engine/schema/problem.ts';
import { type Column, type ColumnType, columnTypes, type Schema } from '../../engine/schema/types.ts';
import { f } from '../kit/fields.ts';
import type { Inference } from '../kit/node.ts';

const labels: Record<ColumnType, string> = {
  string: 'String',
  integer: 'Integer',
  number: 'Number',
  boolean: 'Boolean',
  timestamp: 'Timestamp',
  date: 'Date',
  json: 'JSON',
  bytes: 'Bytes (base64)',
};

export const columnTypeOptions = columnTypes.map((value) => ({ value, label: labels[value] }));

export const columnTypesField = f.list({
  label: 'Column types',
  itemLabel: 'Column',
  help: 'Types are told from a sample of the rows. Set those that should be different.',
  advanced: true,
  default: [],
  item: {
    column: f.text({ label: 'Column' }),
    type: f.choice({ label: 'Type', default: 'string', options: columnTypeOptions }),
  },
});

export const sampleRowsField = f.number({
  label: 'Rows to tell types from',
  help: 'So many at the beginning of a file; and a third as many in its middle and at its end, unless it is gzip or not UTF-8.',
  default: 1000,
  min: 1,
  max: 100_000,
  advanced: true,
});

export interface ColumnTypeSetting {
  readonly column: string;
  readonly type: ColumnType;
}

/** The edit that reads a column as a wider type, for a source with `columnTypesField` as its param `types`. */
export function readAs(column: string, type: ColumnType): Fix {
  return { title: `Read column "${column}" as ${type === 'string' ? 'text' : type}`, list: 'types', key: 'column', entry: { column, type } };
}

/** Blank text is null in any other type. */
function retyped(column: Column, type: ColumnType): Column {
  return { ...column, type, ...nullness([column], column.nullable && column.type === 'string' && type !== 'string') };
}

/** The columns whose types somebody has set. */
export function setColumns(types: readonly ColumnTypeSetting[]): ReadonlySet<string> {
  return new Set(types.map(({ column }) => column));
}

/**
 * The output `rows` of a source: what was found, the types that were set, and the column that holds the file's name.
 * `adds`: a type that is set for an unknown column adds it.
 */
export function outputColumns(found: Schema | null, types: readonly ColumnTypeSetting[], fileColumn: string | null = null, adds = false): Inference {
  if (!found) return { outputs: { rows: null } };
  const problems: NonNullable<Inference['problems']>[number][] = [];
  const columns: Column[] = [...found.columns];
  const places = new Map(columns.map(({ name }, i) => [name, i] as const).reverse());
  types.forEach(({ column, type }, i) => {
    const index = places.get(column);
    if (index !== undefined) columns[index] = retyped(columns[index]!, type);
    else if (adds && column !== '') places.set(column, columns.push({ name: column, type, nullable: true }) - 1);
    else if (column !== '') {
      problems.push({
        code: 'column/missing',
        severity: 'warning',
        message: `There is no column "${column}" to set a type for.`,
        hint: `The columns are: ${nameList(found.columns.map(({ name }) => name))}.`,
        field: `types.${i}.column`,
      });
    }
  });
  if (fileColumn !== null) {
    if (columns.some(({ name }) => name === fileColumn)) {
      problems.push({
        code: 'column/duplicate',
        severity: 'error',
        message: `The file has a column "${fileColumn}" already.`,
        hint: 'Give the column for the file name another one.',
        field: 'fileColumn',
      });
    } else columns.push({ name: fileColumn, type: 'string', nullable: false });
  }
  return { outputs: { rows: { columns } }, problems };
}
