import { printableBut, type RowWriter, rowWriter } from '../../../io/text/row-text.ts';
import type { Schema } from '../../../model/values/types.ts';

/** Rows as JSON Lines: one object per line with all columns in order, including null; timestamps are ISO 8601 texts, bytes base64. */
export function jsonlWriter(schema: Schema): RowWriter {
  return rowWriter(schema, {
    before: ({ name }, i) => `${i === 0 ? '{' : ','}${JSON.stringify(name)}:`,
    end: schema.columns.length === 0 ? '{}\n' : '}\n',
    nothing: 'null',
    noBytes: '',
    quote: '"',
    plain: printableBut('"\\'),
    encode: (text) => JSON.stringify(text).slice(1, -1),
    jsonIsText: false,
  });
}
