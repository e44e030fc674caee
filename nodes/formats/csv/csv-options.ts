/** The params of a CSV file as the bytes with which the readers work. */

import type { SourceFormatParams } from '@millrace/kit/formats/column-formats';
import { decoderFor } from '../../../io/files/byte-reader.ts';
import { MillraceError } from '../../../model/problems/problem.ts';
import { CellFormats, type ColumnEntry } from '../cells/cell-formats.ts';
import { delimiters } from '../csv-fields.ts';
import type { RowWidth } from './csv-parser.ts';
import type { CsvHeadOptions } from './csv-sample.ts';
import { wideHint } from './csv-wide-delimiter.ts';

export interface CsvParams extends SourceFormatParams {
  readonly delimiter: 'auto' | 'comma' | 'semicolon' | 'tab' | 'pipe' | 'other';
  readonly otherDelimiter: string;
  readonly quote: string | null;
  readonly header: boolean;
  readonly encoding: string;
  readonly sampleRows: number;
  readonly types: readonly ColumnEntry[];
  /** These are detected if they are not given. */
  readonly skip?: number | null;
  readonly comment?: string | null;
  readonly escape?: 'auto' | 'none' | 'backslash';
  readonly trailing?: 'auto' | 'no' | 'yes';
  readonly lineEnds?: 'auto' | 'any';
  readonly width?: RowWidth;
}

const backslash = 92;

/** Throws a MillraceError for an invalid delimiter, quote, comment mark or encoding. */
export function csvOptions(params: CsvParams): CsvHeadOptions {
  const { header, encoding, sampleRows } = params;
  const quote = params.quote ? byte(params.quote, 'quote') : -1;
  const delimiter =
    params.delimiter === 'auto'
      ? null
      : params.delimiter === 'other'
        ? byte(params.otherDelimiter, 'otherDelimiter')
        : delimiters[params.delimiter].charCodeAt(0);
  const comment = params.comment === undefined || params.comment === 'auto' ? null : params.comment ? byte(params.comment, 'comment') : -1;
  if (delimiter !== null && delimiter === quote) throw same('The delimiter and the quote', 'quote');
  if (comment !== null && comment !== -1 && (comment === delimiter || comment === quote))
    throw same('The comment mark and the delimiter or the quote', 'comment');
  if (params.escape === 'backslash' && (delimiter === backslash || quote === backslash)) throw same('The backslash and the delimiter or the quote', 'escape');
  if (encoding !== 'auto') decoderFor(encoding);
  return {
    delimiter,
    quote,
    header,
    encoding,
    nullText: params.nullText ?? '',
    formats: new CellFormats(params.types, params),
    sampleRows,
    skip: params.skip ?? null,
    comment,
    escape: params.escape === 'none' ? -1 : params.escape === 'backslash' ? backslash : null,
    trailing: params.trailing === 'no' ? false : params.trailing === 'yes' ? true : null,
    lineEnds: params.lineEnds ?? 'auto',
    width: params.width ?? 'strict',
  };
}

function same(what: string, field: string): MillraceError {
  return new MillraceError({ code: 'csv/delimiter', message: `${what} are the same character.`, hint: 'Choose another one for one of them.', field });
}

const parts: { readonly [field: string]: string } = { quote: 'quote', comment: 'comment mark' };

function byte(text: string, field: string): number {
  const character = text === '\\t' ? '\t' : text;
  const code = character.charCodeAt(0);
  if (character.length === 1 && code < 128 && code !== 0 && code !== 10 && code !== 13) return code;
  throw new MillraceError({
    code: 'csv/delimiter',
    message: `"${text}" cannot be a ${parts[field] ?? 'delimiter'}.`,
    hint: character.length > 1 && parts[field] === undefined ? wideHint : 'Give one ASCII character; \\t stands for a tab.',
    field,
  });
}
