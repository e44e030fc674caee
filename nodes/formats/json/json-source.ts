/** How JSON files are sampled and read. */

import type { DiscoverContext, Discovery, Reader, SourceContext, SplitSize } from '@millrace/kit/node';
import { decoderFor } from '../../../io/files/byte-reader.ts';
import { discoverFiles } from '../../../io/files/file-discovery.ts';
import { FileRows } from '../../../io/files/file-rows.ts';
import { lineStart, splitFiles } from '../../../io/files/file-splits.ts';
import { findFiles, type InputFile, tellLeftOut } from '../../../io/files/input-files.ts';
import type { Json, Schema } from '../../../model/values/types.ts';
import { CellFormats, type ColumnEntry } from '../cells/cell-formats.ts';
import { JsonDocumentParser } from './json-document.ts';
import { JsonFiles, type JsonLayoutOptions, layoutOf } from './json-files.ts';
import { recordPath } from './json-scanner.ts';
import { discoverJsonl } from './jsonl-head.ts';
import { type JsonlFormat, JsonlParser } from './jsonl-parser.ts';

interface Params {
  readonly path: string;
  readonly exclude: string | null;
  readonly layout: JsonLayoutOptions['layout'];
  readonly records: string | null;
  readonly encoding: string;
  readonly types: readonly ColumnEntry[];
  readonly sampleRows: number;
  readonly fileColumn: string | null;
  readonly extra: JsonlFormat['extra'];
  readonly doubleKeys: JsonlFormat['doubleKeys'];
  /** In MB. */
  readonly maxRowSize: number;
}

export function discoverJsonFiles(context: DiscoverContext<Params>): Promise<Discovery> {
  return discoverFiles(context, (files, signal) => {
    const { params, brief } = context;
    const { encoding, sampleRows, types } = params;
    if (encoding !== 'auto') decoderFor(encoding);
    return discoverJsonl(files, { encoding, sampleRows, formats: new CellFormats(types), ...layoutOptions(params), brief }, signal);
  });
}

export function splitJsonFiles({ params, path }: Pick<SourceContext<Params>, 'params' | 'path'>, wanted: SplitSize): Promise<readonly Json[]> {
  const options = layoutOptions(params);
  const text = { encoding: params.encoding };
  const files = findFiles(params.path, path, () => {}, params.exclude);
  // Ignored keys are counted by file.
  const rowStart = async (file: InputFile) => (params.extra === 'error' && (await layoutOf(file, options, text)) === 'lines' ? lineStart : null);
  return splitFiles(files, { ...wanted, text, rowStart });
}

export function openJsonFiles(context: SourceContext<Params, { readonly rows: Schema }>): Reader {
  const { params } = context;
  const maxRecordBytes = params.maxRowSize * 1024 * 1024;
  const formats = new CellFormats(params.types);
  const format = { extra: params.extra, doubleKeys: params.doubleKeys, maxRecordBytes, cast: formats.cast, formats };
  const lines = new JsonlParser(context.outputs.rows, format, params.fileColumn || null, context);
  const options = layoutOptions(params);
  const text = { encoding: params.encoding };
  const parser = new JsonFiles({ lines, document: new JsonDocumentParser(options.path, maxRecordBytes, lines, context) }, options, text);
  return new FileRows(findFiles(params.path, context.path, tellLeftOut(context), params.exclude), parser, text, context);
}

function layoutOptions({ layout, records }: { readonly layout: JsonLayoutOptions['layout']; readonly records: string | null }): JsonLayoutOptions {
  return { layout, path: layout === 'lines' ? [] : recordPath(records) };
}
