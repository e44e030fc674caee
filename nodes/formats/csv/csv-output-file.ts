import type { PartContext, PartWriter, SinkContext, Writer } from '@millrace/kit/node';
import type { CheckpointedFile } from '../../../io/files/checkpointed-file.ts';
import { type FileOutputParams, openFileOutput } from '../../../io/files/file-output.ts';
import { FolderOutput } from '../../../io/files/folder-output.ts';
import { LineOutput } from '../../../io/files/line-output.ts';
import { LinePart } from '../../../io/files/line-part.ts';
import { MillraceError } from '../../../model/problems/problem.ts';
import type { NumberFormat } from '../../../model/values/number-format.ts';
import type { Schema } from '../../../model/values/types.ts';
import { delimiters } from '../csv-fields.ts';
import { type FolderParams, pathOfAll } from '../folder-fields.ts';
import { folderOf } from '../folder-names.ts';
import { type CsvFormat, csvHeader, csvWriter } from './csv-write.ts';

/** A byte order mark, and a CR before the LF. */
const headMargin = 4;

interface Params extends FileOutputParams, FolderParams, Pick<NumberFormat, 'decimal' | 'thousands'> {
  readonly delimiter: keyof typeof delimiters;
  readonly numbers: 'usual' | 'marked';
  readonly numberColumns: readonly string[];
  readonly header: boolean;
}

function marksOf({ delimiter, numbers, decimal, thousands, numberColumns: columns }: Params): CsvFormat {
  return { delimiter: delimiters[delimiter], numbers: numbers === 'marked' ? { decimal, thousands, columns } : undefined };
}

export function openCsvPart({ inputs, params, part }: PartContext<Params, { readonly rows: Schema }>): PartWriter {
  return new LinePart(part as string, csvWriter(inputs.rows, marksOf(params)), params.compress);
}

export function openCsvOutput(context: SinkContext<Params, { readonly rows: Schema }>): Writer {
  const { params } = context;
  const schema = context.inputs.rows;
  const marks = marksOf(params);
  const header = params.header ? csvHeader(schema, marks) : '';
  const rows = csvWriter(schema, marks);
  const check = (file: CheckpointedFile) => {
    const head = params.header ? file.head(Buffer.byteLength(header) + headMargin) : null;
    if (head) checkHeader(head.toString('utf8'), header, file.path);
  };
  if (params.folders.length > 0) {
    const format = { rows, header, check, folderOf: folderOf(params.folders, params.folderZone, schema) };
    return new FolderOutput(context, { ...params, pattern: pathOfAll(params.path, params), depth: params.folders.length }, format);
  }
  const file = openFileOutput(context, params);
  if (file.continues) check(file);
  return new LineOutput(file, rows, header, context.guard);
}

/** `head` has the file's first bytes, at least as many as a byte order mark, the header and the end of its line. */
function checkHeader(head: string, header: string, path: string): void {
  const text = head.replace(/^\ufeff/, '');
  const names = header.slice(0, -1);
  if (text.startsWith(names) && /^(\r?\n|$)/.test(text.slice(names.length))) return;
  throw new MillraceError({
    code: 'file/other-columns',
    message: `${path} starts with "${text.split(/\r?\n/)[0]}", but the header of these rows is "${names}".`,
    hint: 'Bring the columns into the same order with a Select node, replace the file, or choose another one.',
    field: 'path',
    position: { source: path, line: 1 },
  });
}
