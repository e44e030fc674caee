/** The params with which sources read lines from a stream or a growing file, and the resulting columns. */
import { f, type ParamsOf } from '@millrace/kit/fields';
import { columnFormatFields, sourceFormatFields } from '@millrace/kit/formats/column-formats';
import type { Inference } from '@millrace/kit/node';
import { columnTypeOptions, outputColumns } from './column-fields.ts';
import { isTextFormat, knownColumns, type TextFormat, type TextParams, textFormats } from './log-fields.ts';

export const lineFormatField = f.choice({
  label: 'Each line is',
  default: 'jsonl',
  options: [{ value: 'jsonl', label: 'A JSON object' }, { value: 'csv', label: 'A CSV record' }, ...textFormats],
});
export const extraKeysField = f.choice({
  label: 'Keys that are not columns',
  default: 'ignore',
  options: [
    { value: 'ignore', label: 'Leave out, and count in the log' },
    { value: 'error', label: 'Row error' },
  ],
  when: { param: 'format', is: ['jsonl', 'logfmt'] },
});
const ofCsv = { param: 'format', is: ['csv'] } as const;
/** How CSV records are written as a whole. */
export const csvFormatFields = {
  ...sourceFormatFields,
  numbers: { ...sourceFormatFields.numbers, when: ofCsv },
  nullText: { ...sourceFormatFields.nullText, when: ofCsv },
};
/** For input that cannot be sampled. */
export const csvDelimiterField = f.choice({
  label: 'Delimiter',
  default: 'comma',
  options: [
    { value: 'comma', label: 'Comma ,' },
    { value: 'semicolon', label: 'Semicolon ;' },
    { value: 'tab', label: 'Tab' },
    { value: 'pipe', label: 'Pipe |' },
  ],
  when: ofCsv,
});
export const maxRowSizeField = f.number({ label: 'Longest row', default: 16, min: 1, max: 256, unit: 'MB', advanced: true });

/** Columns that are not known before the rows arrive. */
export const declaredColumnsField = f.list({
  label: 'Columns',
  itemLabel: 'Column',
  help: 'What the rows hold, in the order of the fields for CSV. For a pattern, the types of groups that are not text.',
  default: [],
  item: {
    column: f.text({ label: 'Name' }),
    type: f.choice({ label: 'Type', default: 'string', options: columnTypeOptions }),
    ...columnFormatFields,
  },
  when: { param: 'format', is: ['jsonl', 'csv', 'logfmt', 'pattern'] },
});
export type DeclaredColumns = ParamsOf<{ readonly columns: typeof declaredColumnsField }>['columns'];

/** The output of a source whose columns are declared by hand. `hint` says what to do if there are none. */
export function declaredOutput(
  columns: DeclaredColumns,
  given: Pick<TextParams, 'pattern'> & { readonly format: LineFormatName },
  hint = 'Add the columns of its rows.',
): Inference {
  const { format, pattern } = given;
  if (isTextFormat(format) && format !== 'logfmt') {
    const types = format === 'pattern' ? columns.filter(({ column }) => column !== '') : [];
    return outputColumns(knownColumns({ format, pattern }), types);
  }
  const named = columns.filter(({ column }) => column !== '');
  if (named.length === 0) {
    const problem = {
      code: 'columns/missing',
      severity: 'error',
      message: 'It has no columns yet',
      hint,
      field: 'columns',
    } as const;
    return { outputs: { rows: null }, problems: [problem] };
  }
  const seen = new Set<string>();
  const twice = named.find(({ column }) => seen.size === seen.add(column).size);
  if (twice) {
    const message = `There are two columns "${twice.column}"`;
    const field = `columns.${columns.indexOf(twice)}.column`;
    return { outputs: { rows: null }, problems: [{ code: 'columns/duplicate', severity: 'error', message, hint: 'Remove or rename one of them.', field }] };
  }
  return outputColumns({ columns: named.map(({ column, type }) => ({ name: column, type, nullable: true })) }, columns, null, false, 'columns');
}

export type LineFormatName = 'jsonl' | 'csv' | TextFormat;
