import { type NumberFormat, numberWriter } from '../../engine/schema/number-format.ts';
import type { Schema } from '../../engine/schema/types.ts';
import { printableBut, type RowWriter, rowWriter } from './row-text.ts';

export interface CsvFormat {
  /** One ASCII character. */
  readonly delimiter: string;
  /** How the numbers of these columns are written, or of all where there are none; absent for as usual (-1234.5). */
  readonly numbers?: NumberStyle | undefined;
}
export interface NumberStyle extends Pick<NumberFormat, 'decimal' | 'thousands'> {
  readonly columns: readonly string[];
}

/**
 * Rows as CSV (RFC 4180, lines end with LF): null is an empty field and an empty text is `""`, so that both can be told
 * apart; timestamps are ISO 8601, JSON is compact, bytes are base64. Fields are quoted only where they must be.
 */
export function csvWriter(schema: Schema, format: CsvFormat): RowWriter {
  const { numbers } = format;
  const styled = numbers && numberWriter(numbers);
  return rowWriter(schema, {
    before: (_, i) => (i === 0 ? '' : format.delimiter),
    end: '\n',
    nothing: '',
    quote: '',
    plain: printableBut(`"${format.delimiter}`),
    noBytes: '""',
    encode: (text) => csvField(text, format),
    numberText: ({ name }) => (styled && (numbers.columns.length === 0 || numbers.columns.includes(name)) ? styled : null),
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
