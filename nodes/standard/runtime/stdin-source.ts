import type { SourceFormatParams } from '@millrace/kit/formats/column-formats';
import type { Reader, SourceContext } from '@millrace/kit/node';
import { MillraceError } from '../../../model/problems/problem.ts';
import type { Schema } from '../../../model/values/types.ts';
import { CellFormats, type ColumnEntry } from '../../formats/cells/cell-formats.ts';
import { delimiters } from '../../formats/csv-fields.ts';
import type { LineFormatName } from '../../formats/line-fields.ts';
import { lineParser } from '../../formats/lines/line-format.ts';
import type { TextParams } from '../../formats/log-fields.ts';
import { StandardInput } from './standard-input.ts';

interface Params extends SourceFormatParams, Omit<TextParams, 'format'> {
  readonly format: LineFormatName;
  readonly columns: readonly ColumnEntry[];
  readonly header: boolean;
  readonly delimiter: keyof typeof delimiters;
  readonly extra: 'ignore' | 'error';
  /** In MB. */
  readonly maxRowSize: number;
}

export function openInput(context: SourceContext<Params, { readonly rows: Schema }>): Reader {
  const { params, sample, signal, batchSize, start } = context;
  if (sample) return { read: () => null, position: () => null, close() {} };
  const claim = context.shared('standard-input', () => ({ taken: false, close() {} }));
  if (claim.taken) {
    const hint = 'Use one source, and draw several edges from it.';
    throw new MillraceError({ code: 'stdin/used-twice', message: 'Another source of this pipeline reads standard input too.', hint });
  }
  claim.taken = true;
  const schema = context.outputs.rows;
  const header = params.header ? schema.columns.map(({ name }) => name) : null;
  const csv = { dialect: { delimiter: delimiters[params.delimiter].charCodeAt(0), quote: 34 }, nullText: params.nullText ?? '', header };
  const { format, extra, maxRowSize } = params;
  const formats = new CellFormats(params.columns, format === 'csv' ? params : {});
  const line = { format, extra, text: params, fileColumn: null, maxRowSize, formats, csv };
  const parser = lineParser(line, schema, context);
  return new StandardInput(parser, { batchSize, signal, line: (start as { readonly line: number } | null)?.line ?? 1 });
}
