/** The evidence for the format of a CSV file, for users to judge: each finding with the lines that decided it. */

import { itemAt } from '../../../model/faults/missing.ts';
import { type Detected, type SeenLine, seen } from '../../../model/schema/detected.ts';
import { inferFromText } from '../../../model/schema/infer.ts';
import { decideText } from '../../../model/schema/type-evidence.ts';
import { thousands } from '../../../model/text/thousands.ts';
import type { Schema } from '../../../model/values/types.ts';
import { encodingEvidence, lineEndEvidence, textHead } from '../text/text-evidence.ts';
import type { CsvHead, CsvHeadOptions, CsvSample } from './csv-sample.ts';

/** Further columns are better viewed in the grid. */
const mostColumns = 1000;
const delimiterNames: { readonly [mark: string]: string } = { ',': 'Comma ,', ';': 'Semicolon ;', '\t': 'Tab', '|': 'Pipe |' };

export async function csvEvidence(samples: readonly CsvSample[], schema: Schema, options: CsvHeadOptions, signal: AbortSignal): Promise<Detected[]> {
  const [{ file, head }] = samples as readonly [CsvSample];
  const text = await textHead(file, signal);
  const found = [
    delimiterEvidence(samples, options),
    headerEvidence(head, options),
    skipEvidence(head, options),
    text && encodingEvidence(text, options.encoding),
    quoteEvidence(head, options),
    commentEvidence(head, options),
    escapeEvidence(head, options),
    trailingEvidence(head, options),
    text && lineEndEvidence(text, options.lineEnds === 'any'),
  ];
  return [...found.filter((each) => each !== null), ...columnEvidence(samples, schema, options)];
}

function delimiterEvidence(samples: readonly CsvSample[], { delimiter }: CsvHeadOptions): Detected {
  const [{ head, names }, ...others] = samples as readonly [CsvSample, ...CsvSample[]];
  const mark = head.dialect.delimiter;
  const width = names.length;
  const total = head.rows.length + head.unreadable;
  const fit =
    head.unreadable === 0
      ? `all of ${total === 1 ? 'its one row' : `the first ${thousands(total)} rows`}`
      : `${head.rows.length} of the first ${thousands(total)} rows`;
  const fields = `${total === 0 ? 'the header has' : `${fit} have`} ${thousands(width)} ${width === 1 ? 'field' : 'fields'}`;
  const differing = others.filter((other) => other.head.dialect.delimiter !== mark);
  const [other] = differing;
  const elsewhere =
    other === undefined
      ? ''
      : ` ${other.file.name} has ${nameOf(other.head.dialect.delimiter)}${differing.length > 1 ? `, and ${differing.length - 1} more differ` : ''}.`;
  const named = head.sepLine !== null;
  const because =
    delimiter !== null
      ? `It was set here: ${fields}.`
      : named
        ? `Line 1 names it: ${fields}.`
        : width === 1
          ? 'No delimiter gives rows of the same number of fields.'
          : `${capital(fields)} with it.`;
  const lines = [head.sepLine, head.first.header, head.first.row].filter((line) => line !== null);
  return {
    param: 'delimiter',
    value: delimiter === null && width === 1 ? 'None: one column' : nameOf(mark),
    because: because + elsewhere,
    lines,
    notable: true,
  };
}

function headerEvidence({ names, first }: CsvHead, { header }: CsvHeadOptions): Detected {
  if (!header || names === null) {
    const lines = first.row ? [first.row] : [];
    return { param: 'header', value: 'None', because: 'It was set here: the columns are numbered, and the first line is a row.', lines, notable: true };
  }
  const line = first.header?.line;
  const types = inferFromText(names, [names.map((name) => name || null)]).columns.map(({ type }) => type);
  const isText = types.some((type) => type === 'string');
  const lines = [first.header, first.row].filter((each) => each !== null);
  const value = line === undefined ? 'First row' : `Line ${thousands(line)}`;
  if (isText) return { param: 'header', value, because: 'It is the first line of the table, and holds text.', lines, notable: true };
  const because = 'It is the first line of the table; but it looks like data, as none of its fields is text.';
  return { param: 'header', value, because, lines, notable: true, doubtful: true, instead: { title: 'The first row is data', value: false } };
}

function skipEvidence({ skip, first, sepLine, preamble }: CsvHead, options: CsvHeadOptions): Detected {
  const value = skip === 0 ? 'None' : skip === 1 ? '1 line' : `${skip} lines`;
  const because =
    options.skip !== null
      ? 'It was set here.'
      : sepLine !== null
        ? 'Line 1 names the delimiter, as Excel does.'
        : skip > 0
          ? `The table begins in line ${skip + 1}: the lines before have fewer fields than its rows.`
          : 'The table begins with the first line.';
  const from = first.header ?? first.row;
  return { param: 'skip', value, because, lines: skip > 0 ? [...preamble, ...(from ? [from] : [])] : [], notable: skip > 0 || options.skip !== null };
}

function quoteEvidence({ first, counts, dialect }: CsvHead, { quote }: CsvHeadOptions): Detected {
  if (quote === -1) return { param: 'quote', value: 'None', because: 'It was set here: quotes are ordinary characters.', notable: true };
  const mark = String.fromCharCode(dialect.quote);
  const because = counts.quoted === 0 ? 'No field at the beginning is in quotes.' : `${rowsHave(counts.quoted)} fields in quotes.`;
  return { param: 'quote', value: mark, because, lines: first.quoted ? [first.quoted] : [], notable: mark !== '"' };
}

function commentEvidence({ first, counts, dialect, guessedComment }: CsvHead, { comment }: CsvHeadOptions): Detected {
  const mark = dialect.comment === undefined ? null : String.fromCharCode(dialect.comment);
  const lines = first.comment ? [first.comment] : [];
  if (mark === null) {
    const because = comment === -1 ? 'It was set here that there are none.' : 'No line begins with # that is not also a row.';
    return { param: 'comment', value: 'None', because, notable: comment === -1 };
  }
  const times = counts.comments === 1 ? 'One line begins' : `${thousands(counts.comments)} lines begin`;
  const because = guessedComment ? `${times} with it, and would not make rows of the table.` : `It was set here: ${times.toLowerCase()} with it.`;
  return { param: 'comment', value: mark, because, lines, notable: true };
}

function escapeEvidence({ first, dialect }: CsvHead, options: CsvHeadOptions): Detected | null {
  if (dialect.quote === -1) return null;
  const isSet = options.escape !== null;
  if (dialect.escape === undefined)
    return {
      param: 'escape',
      value: 'Written twice ""',
      because: isSet ? 'It was set here.' : 'No quote at the beginning follows a backslash.',
      notable: isSet,
    };
  const lines = first.escaped ? [first.escaped] : [];
  const because = isSet ? 'It was set here.' : 'With a backslash before quotes the rows have the same number of fields, and without it they do not.';
  return { param: 'escape', value: 'Behind a backslash \\"', because, lines, notable: true };
}

function trailingEvidence({ dialect, first }: CsvHead, { trailing }: CsvHeadOptions): Detected {
  const because =
    trailing !== null
      ? 'It was set here.'
      : dialect.trailing
        ? 'All rows end with a delimiter for which the header has no name.'
        : 'Not all rows end with a delimiter.';
  const lines = dialect.trailing && first.row ? [first.row] : [];
  return {
    param: 'trailing',
    value: dialect.trailing ? 'Ignored' : 'None',
    because,
    lines,
    notable: dialect.trailing === true || trailing !== null,
  };
}

function columnEvidence(samples: readonly CsvSample[], schema: Schema, { formats }: CsvHeadOptions): Detected[] {
  const areSeveral = samples.length > 1;
  return schema.columns.slice(0, mostColumns).map(({ name, type }) => {
    const parts = samples.flatMap((sample) => {
      const index = sample.names.indexOf(name);
      return index === -1 ? [] : [{ ...sample, index }];
    });
    // Marks are removed before a type is inferred; the cell is shown as it is in the file.
    const plain = formats?.plain(name) ?? ((cell: string) => cell);
    const cells = parts
      .flatMap(({ rows, index }) => rows.map((row) => row[index] ?? null))
      .map((cell) => (cell === null || plain(cell) === null ? null : cell));
    const typeOf = (some: readonly (string | null)[]) =>
      itemAt(
        inferFromText(
          [name],
          some.map((cell) => [cell === null ? null : plain(cell)]),
        ).columns,
        0,
      ).type;
    const { at, because } = decideText(cells, type, typeOf);
    return { param: 'types', column: name, value: type, because, lines: at === -1 ? [] : [cellAt(parts, at, areSeveral)], notable: true };
  });
}

function cellAt(parts: readonly (CsvSample & { readonly index: number })[], at: number, areSeveral: boolean): SeenLine {
  let row = at;
  for (const { rows, head, file, index } of parts) {
    const found = rows[row];
    if (found) return seen(found[index] ?? '', head.rowLines[row], areSeveral ? file.name : undefined);
    row -= rows.length;
  }
  throw new Error(`There is no row ${at}`);
}

function nameOf(delimiter: number): string {
  const mark = String.fromCharCode(delimiter);
  return delimiterNames[mark] ?? mark;
}

function rowsHave(count: number): string {
  return count === 1 ? 'One of the first rows has' : `${thousands(count)} of the first rows have`;
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
