/** The params of a CSV file as the bytes that the readers work with. */
import { MillraceError } from '../../engine/schema/problem.ts';
import { decoderFor } from './byte-reader.ts';
import type { CsvHeadOptions } from './csv-head.ts';

export interface CsvParams {
  readonly delimiter: 'auto' | 'comma' | 'semicolon' | 'tab' | 'pipe' | 'other';
  readonly otherDelimiter: string;
  readonly quote: string | null;
  readonly header: boolean;
  readonly encoding: string;
  readonly nullText: string | null;
  readonly sampleRows: number;
}

const delimiters = { comma: ',', semicolon: ';', tab: '\t', pipe: '|' } as const;

/** Throws a MillraceError for a delimiter, quote or encoding that cannot be. */
export function csvOptions(params: CsvParams): CsvHeadOptions {
  const { header, encoding, sampleRows } = params;
  const quote = params.quote ? byte(params.quote, 'quote') : -1;
  const delimiter =
    params.delimiter === 'auto'
      ? null
      : params.delimiter === 'other'
        ? byte(params.otherDelimiter, 'otherDelimiter')
        : delimiters[params.delimiter].charCodeAt(0);
  if (delimiter === quote)
    throw new MillraceError({
      code: 'csv/delimiter',
      message: 'The delimiter and the quote are the same character.',
      hint: 'Choose another one for one of them.',
      field: 'quote',
    });
  if (encoding !== 'auto') decoderFor(encoding);
  return { delimiter, quote, header, encoding, nullText: params.nullText ?? '', sampleRows };
}

function byte(text: string, field: string): number {
  const character = text === '\\t' ? '\t' : text;
  const code = character.charCodeAt(0);
  if (character.length === 1 && code < 128 && code !== 0 && code !== 10 && code !== 13) return code;
  throw new MillraceError({
    code: 'csv/delimiter',
    message: `"${text}" cannot be a ${field === 'quote' ? 'quote' : 'delimiter'}.`,
    hint: 'Give one ASCII character; \\t stands for a tab.',
    field,
  });
}
