import { type FileOutputParams, openFileOutput } from '../../../io/files/file-output.ts';
import { LineOutput } from '../../../io/files/line-output.ts';
import type { SinkContext, Writer } from '../../../kit/node.ts';
import type { Schema } from '../../../model/values/types.ts';
import { jsonlWriter } from './jsonl-write.ts';

export function openJsonLines(context: SinkContext<FileOutputParams, { readonly rows: Schema }>): Writer {
  return new LineOutput(openFileOutput(context, context.params), jsonlWriter(context.inputs.rows), '', context.guard);
}
