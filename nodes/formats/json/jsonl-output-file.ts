import type { PartContext, PartWriter, SinkContext, Writer } from '@millrace/kit/node';
import { type FileOutputParams, openFileOutput } from '../../../io/files/file-output.ts';
import { FolderOutput } from '../../../io/files/folder-output.ts';
import { LineOutput } from '../../../io/files/line-output.ts';
import { LinePart } from '../../../io/files/line-part.ts';
import type { Schema } from '../../../model/values/types.ts';
import { type FolderParams, pathOfAll } from '../folder-fields.ts';
import { folderOf } from '../folder-names.ts';
import { jsonlWriter } from './jsonl-write.ts';

export function openJsonLinesPart({ inputs, params, part }: PartContext<FileOutputParams, { readonly rows: Schema }>): PartWriter {
  return new LinePart(part as string, jsonlWriter(inputs.rows), params.compress);
}

export function openJsonLines(context: SinkContext<FileOutputParams & FolderParams, { readonly rows: Schema }>): Writer {
  const { params } = context;
  const schema = context.inputs.rows;
  const rows = jsonlWriter(schema);
  if (params.folders.length === 0) return new LineOutput(openFileOutput(context, params), rows, '', context.guard);
  const format = { rows, header: '', check() {}, folderOf: folderOf(params.folders, params.folderZone, schema) };
  return new FolderOutput(context, { ...params, pattern: pathOfAll(params.path, params), depth: params.folders.length }, format);
}
