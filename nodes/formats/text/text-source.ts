/** How text files and logs are sampled and read. */

import type { DiscoverContext, Discovery, Reader, SourceContext, SplitSize } from '@millrace/kit/node';
import { decoderFor } from '../../../io/files/byte-reader.ts';
import { discoverFiles } from '../../../io/files/file-discovery.ts';
import { FileRows } from '../../../io/files/file-rows.ts';
import { lineStart, splitFiles } from '../../../io/files/file-splits.ts';
import { findFiles, tellLeftOut } from '../../../io/files/input-files.ts';
import type { Json, Schema } from '../../../model/values/types.ts';
import { CellFormats, type ColumnEntry } from '../cells/cell-formats.ts';
import type { TextParams } from '../log-fields.ts';
import { HolesParser } from './nul-holes.ts';
import { encodingEvidence, textHead } from './text-evidence.ts';
import { discoverText } from './text-head.ts';
import { textParser } from './text-parser.ts';

export { logFormatOf } from './log-format-of.ts';

interface Params extends TextParams {
  readonly path: string;
  readonly exclude: string | null;
  readonly encoding: string;
  readonly types: readonly ColumnEntry[];
  readonly sampleRows: number;
  readonly fileColumn: string | null;
  readonly extra: 'ignore' | 'error';
  /** In MB. */
  readonly maxRowSize: number;
}

export function discoverTextFiles(context: DiscoverContext<Params>): Promise<Discovery> {
  return discoverFiles(context, async (files, signal) => {
    const { encoding } = context.params;
    if (encoding !== 'auto') decoderFor(encoding);
    const found = await discoverText(files, { ...context.params, formats: new CellFormats(context.params.types) }, signal);
    const head = files[0] ? await textHead(files[0], signal) : null;
    return head ? { ...found, detected: [encodingEvidence(head, encoding)] } : found;
  });
}

export function splitTextFiles({ params, path }: Pick<SourceContext<Params>, 'params' | 'path'>, wanted: SplitSize): Promise<readonly Json[]> {
  // Lines of the other formats may depend on those before them.
  const areAlone = (params.format === 'text' || params.format === 'pattern') && !params.entry;
  const files = findFiles(params.path, path, () => {}, params.exclude);
  return splitFiles(files, { ...wanted, ...(!areAlone && { most: 1 }), text: { encoding: params.encoding }, rowStart: async () => lineStart });
}

export function openTextFiles(context: SourceContext<Params, { readonly rows: Schema }>): Reader {
  const { params } = context;
  const files = findFiles(params.path, context.path, tellLeftOut(context), params.exclude);
  const options = {
    ...params,
    fileColumn: params.fileColumn || null,
    maxRecordBytes: params.maxRowSize * 1024 * 1024,
    formats: new CellFormats(params.types),
    isGrowing: false,
  };
  const parser = new HolesParser(textParser(options, context.outputs.rows, context), context.log);
  return new FileRows(files, parser, { encoding: params.encoding }, context);
}
