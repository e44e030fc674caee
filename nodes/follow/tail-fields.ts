/** The params of "Follow files", and the columns that follow from them. */
import { f, type ParamsOf } from '@millrace/kit/fields';
import type { Schema } from '../../model/values/types.ts';
import { columnTypesField, excludeField, sampleRowsField } from '../formats/column-fields.ts';
import { csvFormatFields, extraKeysField, lineFormatField, maxRowSizeField } from '../formats/line-fields.ts';
import { entryField, isTextFormat, knownColumns, linePatternField, logZoneField } from '../formats/log-fields.ts';

export const tailFields = {
  path: f.file({ label: 'File', mode: 'open', glob: true, extensions: ['log', 'jsonl', 'ndjson', 'csv', 'txt'], placeholder: 'logs/*.jsonl' }),
  format: lineFormatField,
  pattern: linePatternField,
  logZone: logZoneField,
  entry: entryField,
  from: f.choice({
    label: 'Begin at',
    default: 'beginning',
    help: 'For files that exist when a new run starts. Files that appear later are read from the beginning.',
    options: [
      { value: 'beginning', label: 'The beginning' },
      { value: 'end', label: 'The end', help: 'Only what is appended from now on.' },
    ],
  }),
  header: f.boolean({ label: 'First row holds the names', default: true, when: { param: 'format', is: ['csv'] } }),
  delimiter: f.choice({
    label: 'Delimiter',
    default: 'auto',
    options: [
      { value: 'auto', label: 'Detect' },
      { value: 'comma', label: 'Comma ,' },
      { value: 'semicolon', label: 'Semicolon ;' },
      { value: 'tab', label: 'Tab' },
      { value: 'pipe', label: 'Pipe |' },
    ],
    when: { param: 'format', is: ['csv'] },
    advanced: true,
  }),
  ...csvFormatFields,
  extra: extraKeysField,
  types: columnTypesField,
  sampleRows: { ...sampleRowsField, when: { param: 'format', is: ['jsonl', 'csv', 'logfmt', 'pattern'] } },
  exclude: excludeField,
  fileColumn: f.text({ label: 'Column for the file name', optional: true, advanced: true }),
  maxRowSize: maxRowSizeField,
};
export type TailParams = ParamsOf<typeof tailFields>;

/** The columns that the params define by themselves; null if they define none. */
export function declared({ format, types, pattern }: TailParams): Schema | null {
  if (format === 'csv') return null;
  const known = isTextFormat(format) ? knownColumns({ format, pattern }) : null;
  return known ?? (types.length > 0 ? { columns: [] } : null);
}

/** Whether no columns are inferred from the lines. */
export function fixedColumns(format: TailParams['format']): boolean {
  return isTextFormat(format) && format !== 'logfmt' && format !== 'pattern';
}
