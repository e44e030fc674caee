/** Types that the user sets, over those that were inferred. */

import { f } from '@millrace/kit/fields';
import { columnFormatFields, columnFormatProblem, type SetType, toldType } from '@millrace/kit/formats/column-formats';
import type { Inference } from '@millrace/kit/node';
import { itemAt } from '../../model/faults/missing.ts';
import type { EntryFix, FixEntry } from '../../model/problems/problem.ts';
import { nameList } from '../../model/text/name-list.ts';
import { type Column, type ColumnType, columnTypes, type Schema } from '../../model/values/types.ts';
import type { ColumnEntry } from './cells/cell-formats.ts';

const labels: Record<ColumnType, string> = {
  string: 'String',
  integer: 'Integer',
  number: 'Number',
  decimal: 'Decimal',
  boolean: 'Boolean',
  timestamp: 'Timestamp',
  date: 'Date',
  json: 'JSON',
  bytes: 'Bytes (base64)',
};

export const columnTypeOptions = columnTypes.map((value) => ({ value, label: labels[value] }));

/** Headings of the forms of sources that read files. */
export const formatGroup = 'Format';
export const columnsGroup = 'Columns';
export const limitsGroup = 'Rows that do not fit';
const setTypeOptions: readonly { readonly value: SetType; readonly label: string }[] = [{ value: toldType, label: 'Automatic' }, ...columnTypeOptions];

export const columnTypesField = f.list({
  label: 'Column types',
  itemLabel: 'Column',
  help: 'Types are inferred from a sample of the rows. Set those that should be different, and how cells are written.',
  group: columnsGroup,
  detected: true,
  readings: 'column',
  advanced: true,
  default: [],
  item: {
    column: f.text({ label: 'Column' }),
    type: f.choice({ label: 'Type', default: 'string', options: setTypeOptions }),
    ...columnFormatFields,
  },
});

export const sampleRowsField = f.number({
  label: 'Rows in the sample',
  help: 'Types are inferred from this many rows at the start of a file, and a third as many in the middle and at the end unless the file is gzip or not UTF-8.',
  default: 1000,
  min: 1,
  max: 100_000,
  group: columnsGroup,
  advanced: true,
});

export const encodingField = f.text({
  label: 'Encoding',
  group: formatGroup,
  detected: true,
  default: 'auto',
  suggest: 'encodings',
  help: 'auto is UTF-8, or UTF-16 where the file has a byte order mark.',
});

/** For sources whose path may be a pattern. */
export const excludeField = f.text({
  label: 'Leave out',
  optional: true,
  advanced: true,
  placeholder: '*.gz, *.tmp',
  help: 'Names, separated by commas, of files that the pattern matches and that are not read. One with a / is a path.',
});

/**
 * The edit that reads a column as a wider type, for a source with `columnTypesField` as its param `types`. `entry`: the current settings of
 * the column, which stay valid for every type but text.
 */
export function readAs(column: string, type: ColumnType, entry: ColumnEntry | null = null): EntryFix {
  const said = type === 'string' || entry === null ? [] : Object.entries(entry).filter(([, value]) => value !== null && value !== undefined);
  const title = `Read column "${column}" as ${type === 'string' ? 'text' : type}`;
  return { title, list: 'types', key: 'column', entry: { ...(Object.fromEntries(said) as FixEntry), column, type } };
}

/**
 * The output `rows` of a source: the discovered columns, the types that were set, and the column with the file's name. `adds`: a type that
 * is set for an unknown column adds it.
 */
export function outputColumns(found: Schema | null, types: readonly ColumnEntry[], fileColumn: string | null = null, adds = false, param = 'types'): Inference {
  if (!found) return { outputs: { rows: null } };
  const problems: NonNullable<Inference['problems']>[number][] = [];
  const columns: Column[] = [...found.columns];
  const places = new Map(columns.map(({ name }, i) => [name, i] as const).reverse());
  types.forEach((entry, i) => {
    const { column } = entry;
    const index = places.get(column);
    const wrong = columnFormatProblem(entry, entry.type);
    if (wrong)
      problems.push({ code: 'column/format', severity: 'error', message: wrong.message, hint: 'Change the format.', field: `${param}.${i}.${wrong.field}` });
    if (entry.type === toldType && (index !== undefined || column === '')) return;
    const type = entry.type === toldType ? 'string' : entry.type;
    if (index !== undefined) columns[index] = { ...itemAt(columns, index), type };
    else if (adds && column !== '') places.set(column, columns.push({ name: column, type, nullable: true }) - 1);
    else if (column !== '') {
      problems.push({
        code: 'column/missing',
        severity: 'warning',
        message: `There is no column "${column}" to set a type for.`,
        hint: `The columns are: ${nameList(found.columns.map(({ name }) => name))}.`,
        field: `${param}.${i}.column`,
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
