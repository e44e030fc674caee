/** How the lines of a stream become rows, for sources that read text as it comes. */
import type { Schema } from '../../engine/schema/types.ts';
import { columnFormatFields, sourceFormatFields } from '../kit/column-formats.ts';
import { f, type ParamsOf } from '../kit/fields.ts';
import type { Inference, SourceContext } from '../kit/node.ts';
import type { CellFormats } from './cell-formats.ts';
import { columnTypeOptions, outputColumns } from './column-types.ts';
import { CsvParser } from './csv-parser.ts';
import type { CsvDialect } from './csv-record.ts';
import type { Parser } from './file-rows.ts';
import { JsonlParser } from './jsonl-parser.ts';
import { TextEntriesParser } from './text-entries.ts';
import { TextLinesParser, textLineSchema } from './text-lines.ts';

export const lineFormatField = f.choice({
  label: 'Each line is',
  default: 'jsonl',
  options: [
    { value: 'jsonl', label: 'A JSON object' },
    { value: 'csv', label: 'A CSV record' },
    { value: 'text', label: 'Text', help: 'One column, called line.' },
  ],
});
export const extraKeysField = f.choice({
  label: 'Keys that are not columns',
  default: 'ignore',
  options: [
    { value: 'ignore', label: 'Leave them out, and count them in the log' },
    { value: 'error', label: 'Row error' },
  ],
  when: { param: 'format', is: ['jsonl'] },
});
const ofCsv = { param: 'format', is: ['csv'] } as const;
/** How CSV records are written as a whole. */
export const csvFormatFields = {
  ...sourceFormatFields,
  numbers: { ...sourceFormatFields.numbers, when: ofCsv },
  nullText: { ...sourceFormatFields.nullText, when: ofCsv },
};
export const entryField = f.text({
  label: 'An entry begins with',
  optional: true,
  placeholder: '^\\d{4}-',
  help: 'A regular expression. Lines that do not match it belong to the entry before them, as in a stack trace. Empty: each line is an entry.',
  when: { param: 'format', is: ['text'] },
});
export const maxRowSizeField = f.number({ label: 'Longest row', default: 16, min: 1, max: 256, unit: 'MB', advanced: true });

/** Columns that nothing can be told of before the rows come. */
export const declaredColumnsField = f.list({
  label: 'Columns',
  itemLabel: 'Column',
  help: 'What the rows hold, in the order of the fields for CSV.',
  default: [],
  item: {
    column: f.text({ label: 'Name' }),
    type: f.choice({ label: 'Type', default: 'string', options: columnTypeOptions }),
    ...columnFormatFields,
  },
  when: { param: 'format', is: ['jsonl', 'csv'] },
});
export type DeclaredColumns = ParamsOf<{ readonly columns: typeof declaredColumnsField }>['columns'];

/** The output of a source whose columns are declared by hand. */
export function declaredOutput(columns: DeclaredColumns, format: 'jsonl' | 'csv' | 'text'): Inference {
  if (format === 'text') return { outputs: { rows: textLineSchema } };
  const named = columns.filter(({ column }) => column !== '');
  if (named.length === 0) {
    const problem = {
      code: 'columns/missing',
      severity: 'error',
      message: 'It has no columns yet',
      hint: 'Name the columns of its rows.',
      field: 'columns',
    } as const;
    return { outputs: { rows: null }, problems: [problem] };
  }
  const seen = new Set<string>();
  const twice = named.findIndex(({ column }) => seen.size === seen.add(column).size);
  if (twice >= 0) {
    const message = `There are two columns "${named[twice]!.column}"`;
    const field = `columns.${columns.indexOf(named[twice]!)}.column`;
    return { outputs: { rows: null }, problems: [{ code: 'columns/duplicate', severity: 'error', message, hint: 'Remove or rename one of them.', field }] };
  }
  return outputColumns({ columns: named.map(({ column, type }) => ({ name: column, type, nullable: true })) }, columns, null, false, 'columns');
}

export interface LineFormat {
  readonly format: 'jsonl' | 'csv' | 'text';
  readonly extra: 'ignore' | 'error';
  /** What entries of text begin with; without it each line is one. */
  readonly entry?: RegExp | null;
  readonly fileColumn: string | null;
  readonly maxRowSize: number;
  /** The columns whose types somebody has set, and those that are not written as usual. */
  readonly formats: CellFormats;
  readonly csv: {
    readonly dialect: CsvDialect;
    readonly nullText: string /** The names in the file, or null where the first line holds none. */;
    readonly header: readonly string[] | null;
  };
}

/** A parser for one file or stream. */
export function lineParser(line: LineFormat, schema: Schema, context: Pick<SourceContext<unknown>, 'fail' | 'log'>): Parser {
  const { formats } = line;
  const { cast } = formats;
  const maxRecordBytes = line.maxRowSize * 1024 * 1024;
  switch (line.format) {
    case 'text':
      if (line.entry) return new TextEntriesParser(line.entry, line.fileColumn, maxRecordBytes, context.fail);
      return new TextLinesParser(line.fileColumn, maxRecordBytes, context.fail);
    case 'jsonl':
      return new JsonlParser(schema, { extra: line.extra, maxRecordBytes, cast, formats }, line.fileColumn, context);
    case 'csv': {
      const { dialect, nullText, header } = line.csv;
      const format = { dialect, header: header !== null, nullText, maxRecordBytes, cast, formats };
      return new CsvParser(schema, header, format, line.fileColumn, context.fail);
    }
  }
}
