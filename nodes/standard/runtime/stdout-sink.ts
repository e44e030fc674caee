import type { SinkContext, Writer } from '@millrace/kit/node';
import type { Schema } from '../../../model/values/types.ts';
import { csvHeader, csvWriter } from '../../formats/csv/csv-write.ts';
import { jsonlWriter } from '../../formats/json/jsonl-write.ts';
import { StandardOutput } from './standard-output.ts';

interface Params {
  readonly format: 'jsonl' | 'csv';
  readonly header: boolean;
}

export function openOutput({ params, inputs, resume, signal }: SinkContext<Params, { readonly rows: Schema }>): Writer {
  const schema = inputs.rows;
  if (params.format === 'jsonl') return new StandardOutput(jsonlWriter(schema), '', { signal });
  const format = { delimiter: ',' };
  return new StandardOutput(csvWriter(schema, format), params.header && !resume ? csvHeader(schema, format) : '', { signal });
}
