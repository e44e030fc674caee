/** How CSV files are sampled and read. */

import type { DiscoverContext, Discovery, Reader, SourceContext, SplitSize } from '@millrace/kit/node';
import { discoverFiles } from '../../../io/files/file-discovery.ts';
import { FileRows } from '../../../io/files/file-rows.ts';
import { findFiles, tellLeftOut } from '../../../io/files/input-files.ts';
import { missing } from '../../../model/faults/missing.ts';
import type { Json, Schema } from '../../../model/values/types.ts';
import { CsvFiles } from './csv-files.ts';
import { discoverCsv } from './csv-head.ts';
import { type CsvParams, csvOptions } from './csv-options.ts';
import { splitCsv } from './csv-splits.ts';

interface Params extends CsvParams {
  readonly path: string;
  readonly exclude: string | null;
  readonly fileColumn: string | null;
  /** In MB. */
  readonly maxRowSize: number;
}

export function discoverCsvFiles(context: DiscoverContext<Params>): Promise<Discovery> {
  return discoverFiles(context, (files, signal) => discoverCsv(files, csvOptions(context.params), signal, { byName: true, brief: context.brief }));
}

export { joinTold } from './csv-splits.ts';

export function splitCsvFiles(
  { params, path, signal }: Pick<SourceContext<Params>, 'params' | 'path' | 'signal'>,
  wanted: SplitSize,
): Promise<readonly Json[]> {
  const files = findFiles(params.path, path, () => {}, params.exclude);
  return splitCsv(files, wanted, csvOptions(params), signal);
}

export function openCsvFiles(context: SourceContext<Params, { readonly rows: Schema }>): Reader {
  const { params } = context;
  const options = csvOptions(params);
  const files = findFiles(params.path, context.path, tellLeftOut(context), params.exclude);
  const format = { maxRecordBytes: params.maxRowSize * 1024 * 1024, cast: (options.formats ?? missing('what cells are read as')).cast };
  const parser = new CsvFiles(context.outputs.rows, options, format, { column: params.fileColumn || null, areSeveral: files.length > 1 }, context);
  return new FileRows(files, parser, options, context);
}
