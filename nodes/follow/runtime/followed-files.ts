/** How followed files are sampled and read. */

import type { DiscoverContext, Discovery, Reader, SourceContext } from '@millrace/kit/node';
import { discoverFiles } from '../../../io/files/file-discovery.ts';
import { UnrelatedFileRows } from '../../../io/files/file-rows.ts';
import { findFiles, type InputFile, listFiles } from '../../../io/files/input-files.ts';
import { itemAt, lastOf } from '../../../model/faults/missing.ts';
import { MillraceError } from '../../../model/problems/problem.ts';
import type { Json, Schema } from '../../../model/values/types.ts';
import { CellFormats } from '../../formats/cells/cell-formats.ts';
import { discoverCsv, readCsvHead } from '../../formats/csv/csv-head.ts';
import { csvOptions } from '../../formats/csv/csv-options.ts';
import type { CsvHead, CsvHeadOptions } from '../../formats/csv/csv-sample.ts';
import { discoverJsonl } from '../../formats/json/jsonl-head.ts';
import { type LineFormat, lineParser } from '../../formats/lines/line-format.ts';
import { isTextFormat } from '../../formats/log-fields.ts';
import { discoverText } from '../../formats/text/text-head.ts';
import { declared, type TailParams as Params } from '../tail-fields.ts';
import { FileTail } from './tail.ts';
import { lineStart } from './tailed-file.ts';

/** How much a preview reads, at the end of larger files. */
const sampleBytes = 1024 * 1024;

export async function discoverTail(context: DiscoverContext<Params>): Promise<Discovery> {
  const { params, brief } = context;
  const found = await discoverFiles(context, async (files, signal) => {
    const { format, sampleRows } = params;
    const formats = new CellFormats(params.types);
    if (isTextFormat(format)) return discoverText(files, { ...params, format, encoding: 'utf-8', formats }, signal);
    return format === 'csv'
      ? discoverCsv(files, csvOptions(csvParams(params)), signal, { brief })
      : discoverJsonl(files, { encoding: 'auto', sampleRows, formats, brief }, signal);
  });
  // A missing file is not an error if the columns are declared.
  const known = declared(params);
  return found.schema === null && known ? { ...found, schema: known, problems: [] } : found;
}

export async function openTail(context: SourceContext<Params, { readonly rows: Schema }>): Promise<Reader> {
  const { params } = context;
  const schema = context.outputs.rows;
  const line = await lineFormatOf(params, schema, context.path);
  const options = {
    path: params.path,
    exclude: params.exclude,
    from: params.from,
    batchSize: context.batchSize,
    start: context.start,
    signal: context.signal,
  };
  if (!context.sample) {
    const parser = (fail: typeof context.fail) => lineParser(line, schema, { fail, log: context.log, pattern: context.pattern });
    return new FileTail({ ...options, resolve: context.path, parser, fail: context.fail, log: context.log });
  }
  const files = findFiles(params.path, context.path, undefined, params.exclude);
  return new UnrelatedFileRows(files, lineParser(line, schema, context), { encoding: 'utf-8' }, { ...context, start: newest(files) });
}

/** Where the newest rows are: all of them in small files. */
function newest(files: readonly InputFile[]): Json {
  if (files.reduce((sum, { size }) => sum + size, 0) <= sampleBytes) return null;
  const last = lastOf(files);
  return { file: last.name, offset: lineStart(last.path, last.size - sampleBytes), line: 1 };
}

function csvParams(params: Params) {
  const plain = { skip: 0, comment: null, escape: 'none', trailing: 'no' } as const;
  return { ...params, ...plain, otherDelimiter: '', quote: '"', encoding: 'auto' };
}

async function lineFormatOf(params: Params, schema: Schema, resolve: (path: string) => string): Promise<LineFormat> {
  const { format, extra, maxRowSize } = params;
  const fileColumn = params.fileColumn || null;
  const formats = new CellFormats(params.types, format === 'csv' ? params : {});
  const none = { dialect: { delimiter: 44, quote: 34 }, nullText: '', header: null };
  const line = { format, extra, text: params, fileColumn, maxRowSize, formats };
  if (format !== 'csv') return { ...line, csv: none };
  const options = csvOptions(csvParams(params));
  const { file, head } = await firstHead(params, resolve, options);
  const width = schema.columns.length - (fileColumn === null ? 0 : 1);
  const found = head.names?.length ?? head.rows[0]?.length ?? 0;
  if (found !== width) {
    const message = `${file.name} has ${found} columns now, but the pipeline was checked with ${width}.`;
    throw new MillraceError({ code: 'csv/header', message, hint: 'The file has changed meanwhile: check the pipeline again.' });
  }
  return { ...line, csv: { dialect: head.dialect, nullText: options.nullText, header: head.names } };
}

/** Of the first file that has one: a file may be empty because it was created a moment ago. */
async function firstHead(
  { path, exclude }: Pick<Params, 'path' | 'exclude'>,
  resolve: (path: string) => string,
  options: CsvHeadOptions,
): Promise<{ readonly file: InputFile; readonly head: CsvHead }> {
  let failed: unknown = null;
  for (const file of listFiles(path, resolve, exclude).files) {
    try {
      return { file, head: await readCsvHead(file, options, options.header ? 0 : 1) };
    } catch (error) {
      failed ??= error;
    }
  }
  if (failed) throw failed;
  const file = itemAt(findFiles(path, resolve, undefined, exclude), 0);
  return { file, head: await readCsvHead(file, options, options.header ? 0 : 1) };
}
