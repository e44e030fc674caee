import type { Schema } from '../../engine/schema/types.ts';
import { printableBut, type RowWriter, rowWriter } from './row-text.ts';

export interface CsvFormat {
  /** One ASCII character. */
  readonly delimiter: string;
}

/**
 * Rows as CSV (RFC 4180, lines end with LF): null is an empty field and an empty text is `""`, so that both can be told
 * apart; timestamps are ISO 8601, JSON is compact, bytes are base64. Fields are quoted only where they must be.
 */
export function csvWriter(schema: Schema, format: CsvFormat): RowWriter {
  return rowWriter(schema, {
    before: (_, i) => (i === 0 ? '' : format.delimiter),
    end: '\n',
    nothing: '',
    quote: '',
    plain: printableBut(`"${format.delimiter}`),
    noBytes: '""',
    encode: (text) => csvField(text, format),
    jsonIsText: true,
  });
}

/** The line of column names. */
export function csvHeader(schema: Schema, format: CsvFormat): string {
  return `${schema.columns.map(({ name }) => csvField(name, format)).join(format.delimiter)}\n`;
}

function csvField(text: string, { delimiter }: CsvFormat): string {
  return text === '' || /["\r\n]/.test(text) || text.includes(delimiter) || text.startsWith('\ufeff') ? `"${text.replaceAll('"', '""')}"` : text;
}
