/** How the lines of a stream become rows, for sources that read text as it arrives. */

import type { SourceContext } from '@millrace/kit/node';
import type { Parser } from '../../../io/files/file-rows.ts';
import type { Schema } from '../../../model/values/types.ts';
import type { CellFormats } from '../cells/cell-formats.ts';
import { CsvParser } from '../csv/csv-parser.ts';
import type { CsvDialect } from '../csv/csv-record.ts';
import { JsonlParser } from '../json/jsonl-parser.ts';
import type { LineFormatName } from '../line-fields.ts';
import { isTextFormat, type TextParams } from '../log-fields.ts';
import { HolesParser } from '../text/nul-holes.ts';
import { textParser } from '../text/text-parser.ts';

export interface LineFormat {
  readonly format: LineFormatName;
  readonly extra: 'ignore' | 'error';
  /** For the formats of text. */
  readonly text: Omit<TextParams, 'format'>;
  readonly fileColumn: string | null;
  readonly maxRowSize: number;
  /** The columns whose types a user has set, and those in an unusual format. */
  readonly formats: CellFormats;
  readonly csv: {
    readonly dialect: CsvDialect;
    readonly nullText: string /** The names in the file, or null where the first line holds none. */;
    readonly header: readonly string[] | null;
  };
}

/** A parser for one stream or growing file. */
export function lineParser(line: LineFormat, schema: Schema, context: Pick<SourceContext<unknown>, 'fail' | 'log' | 'pattern'>): Parser {
  return new HolesParser(parserOf(line, schema, context), context.log);
}

function parserOf(line: LineFormat, schema: Schema, context: Pick<SourceContext<unknown>, 'fail' | 'log' | 'pattern'>): Parser {
  const { format, formats, extra, fileColumn, text } = line;
  const { cast } = formats;
  const maxRecordBytes = line.maxRowSize * 1024 * 1024;
  if (isTextFormat(format)) return textParser({ ...text, format, extra, fileColumn, maxRecordBytes, formats, isGrowing: true }, schema, context);
  if (format === 'jsonl') return new JsonlParser(schema, { extra, maxRecordBytes, cast, formats }, fileColumn, context);
  const { dialect, nullText, header } = line.csv;
  return new CsvParser(schema, header, { dialect, header: header !== null, nullText, maxRecordBytes, cast, formats }, fileColumn, context.fail);
}
