/** The parser of text in any of its formats. */

import { columnsOf } from '@millrace/kit/formats/log-formats';
import type { SourceContext } from '@millrace/kit/node';
import type { Parser } from '../../../io/files/file-rows.ts';
import type { Schema } from '../../../model/values/types.ts';
import type { CellFormats } from '../cells/cell-formats.ts';
import { hasEntries, type TextParams } from '../log-fields.ts';
import { type LineReader, LogfmtLines, NamedLines, PatternLines } from './line-readers.ts';
import { LogLinesParser } from './log-lines.ts';
import { entryBeginning, TextEntriesParser } from './text-entries.ts';
import { TextLinesParser } from './text-lines.ts';

export interface TextParserOptions extends TextParams {
  /** What happens to the keys of pairs that are not columns. */
  readonly extra: 'ignore' | 'error';
  readonly fileColumn: string | null;
  readonly maxRecordBytes: number;
  /** The columns whose types a user has set, and those in an unusual format. */
  readonly formats: CellFormats;
  /** The files are written to while they are read. */
  readonly isGrowing: boolean;
}
type Context = Pick<SourceContext<unknown>, 'fail' | 'log' | 'pattern'>;

/** `schema`: the columns of the format, then the file column if there is one. */
export function textParser(options: TextParserOptions, schema: Schema, context: Context): Parser {
  const { fileColumn } = options;
  if (options.format === 'text') return lines(options, fileColumn, context);
  const columns = schema.columns.filter(({ name }) => name !== fileColumn);
  return new LogLinesParser(lines(options, null, context), reader(options, { columns }, context), schema, fileColumn, context.fail);
}

function lines({ format, entry, maxRecordBytes }: TextParserOptions, fileColumn: string | null, { fail, pattern }: Context): Parser {
  const begins = hasEntries(format) ? entryBeginning(entry, pattern) : null;
  return begins ? new TextEntriesParser(begins, fileColumn, maxRecordBytes, fail) : new TextLinesParser(fileColumn, maxRecordBytes, fail);
}

function reader({ format, pattern, logZone, formats, extra, isGrowing }: TextParserOptions, { columns }: Schema, context: Context): LineReader {
  switch (format) {
    case 'logfmt':
      return new LogfmtLines(columns, formats, extra, context.log);
    case 'pattern':
      return new PatternLines(context.pattern(pattern, 'u', 'pattern'), columns, formats);
    case 'text':
      throw new Error('Text has no columns to be read');
    default:
      return new NamedLines(format, logZone, columnsOf(format), columns, isGrowing, context.log);
  }
}
