import { printableBut, type RowWriter, rowWriter } from '../../../io/text/row-text.ts';
import { type NumberFormat, numberWriter } from '../../../model/values/number-format.ts';
import type { Schema } from '../../../model/values/types.ts';

export interface CsvFormat {
  /** One ASCII character. */
  readonly delimiter: string;
  /** The format of numbers in these columns, or in all if there are none; absent for the usual one (-1234.5). */
  readonly numbers?: NumberStyle | undefined;
}
export interface NumberStyle extends Pick<NumberFormat, 'decimal' | 'thousands'> {
  readonly columns: readonly string[];
}

/**
 * Rows as CSV (RFC 4180, lines end with LF): null is an empty field and an empty text is `""`, so that both can be distinguished;
 * timestamps are ISO 8601, JSON is compact, bytes are base64. Fields are quoted only if necessary.
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
