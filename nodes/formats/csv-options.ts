/** The params of a CSV file as the bytes that the readers work with. */
import { MillraceError } from '../../engine/schema/problem.ts';
import type { SourceFormatParams } from '../kit/column-formats.ts';
import { f } from '../kit/fields.ts';
import { decoderFor } from './byte-reader.ts';
import { CellFormats, type ColumnEntry } from './cell-formats.ts';
import { formatGroup as group, limitsGroup } from './column-types.ts';
import type { CsvHeadOptions } from './csv-head.ts';
import type { RowWidth } from './csv-parser.ts';
import { wideHint } from './csv-wide-delimiter.ts';

export interface CsvParams extends SourceFormatParams {
  readonly delimiter: 'auto' | 'comma' | 'semicolon' | 'tab' | 'pipe' | 'other';
  readonly otherDelimiter: string;
  readonly quote: string | null;
  readonly header: boolean;
  readonly encoding: string;
  readonly sampleRows: number;
  readonly types: readonly ColumnEntry[];
  /** These are found out where they are not given. */
  readonly skip?: number | null;
  readonly comment?: string | null;
  readonly escape?: 'auto' | 'none' | 'backslash';
  readonly trailing?: 'auto' | 'no' | 'yes';
  readonly lineEnds?: 'auto' | 'any';
  readonly width?: RowWidth;
}

export const delimiters = { comma: ',', semicolon: ';', tab: '\t', pipe: '|' } as const;
const backslash = 92;

/** The fields of a dialect that few files need to have set. */
export const dialectFields = {
  skip: f.number({
    label: 'Lines to skip',
    group,
    detected: true,
    optional: true,
    min: 0,
    integer: true,
    placeholder: 'Detect',
    help: 'At the beginning of each file, before the header. Empty: lines before a table, and the line sep=; of Excel, are detected.',
  }),
  comment: f.text({
    label: 'Comment lines',
    group,
    detected: true,
    default: 'auto',
    optional: true,
    advanced: true,
    help: 'Lines that begin with this character are left out. auto is # where such lines are clearly no rows. Empty: there are none.',
  }),
  escape: f.choice({
    label: 'Quotes within quotes',
    group,
    detected: true,
    default: 'auto',
    advanced: true,
    options: [
      { value: 'auto', label: 'Detect' },
      { value: 'none', label: 'Written twice ""' },
      {
        value: 'backslash',
        label: 'Behind a backslash \\"',
        help: 'Also delimiters, line breaks and backslashes. Before anything else a backslash stays as it is.',
      },
    ],
  }),
  trailing: f.choice({
    label: 'Delimiter at line ends',
    group,
    detected: true,
    default: 'auto',
    advanced: true,
    options: [
      { value: 'auto', label: 'Detect' },
      { value: 'no', label: 'Begins one more field' },
      { value: 'yes', label: 'Ignored' },
    ],
  }),
  lineEnds: f.choice({
    label: 'Line ends',
    group,
    detected: true,
    default: 'auto',
    advanced: true,
    options: [
      { value: 'auto', label: 'Detect', help: 'LF, CR LF, or CR alone where the beginning of the file has no LF.' },
      { value: 'any', label: 'LF, CR LF and CR', help: 'For files that mix them. A CR alone within quotes becomes LF.' },
    ],
  }),
  width: f.choice({
    label: 'Too few or too many fields',
    group: limitsGroup,
    default: 'strict',
    options: [
      { value: 'strict', label: 'The row fails' },
      { value: 'fill', label: 'Fill with null; too many fail' },
      { value: 'cut', label: 'Fill with null, drop extra fields', help: 'The log says how many rows had too few or too many.' },
    ],
  }),
};

/** Throws a MillraceError for a delimiter, quote, comment mark or encoding that cannot be. */
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
