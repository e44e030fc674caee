/** The beginning of CSV files: their dialect, header and first rows, read within limits of time and bytes. */

import { words } from '@millrace/kit/formats/words';
import type { Discovery, NodeProblem } from '@millrace/kit/node';
import { openBytesUntil } from '../../../io/files/byte-reader.ts';
import type { InputFile } from '../../../io/files/input-files.ts';
import { furtherLines } from '../../../io/files/stretches.ts';
import { within } from '../../../io/text/time-limit.ts';
import { itemAt, missing } from '../../../model/faults/missing.ts';
import type { ProblemCode } from '../../../model/problems/codes/index.ts';
import { MillraceError } from '../../../model/problems/problem.ts';
import { type SeenLine, seen, seenLength } from '../../../model/schema/detected.ts';
import { inferFromText } from '../../../model/schema/infer.ts';
import type { Readings } from '../../../model/schema/reading.ts';
import { nameList } from '../../../model/text/name-list.ts';
import type { Schema } from '../../../model/values/types.ts';
import { type CellFormats, missingMarks, plainRows } from '../cells/cell-formats.ts';
import { formatOffers, readingsOf } from '../cells/format-offers.ts';
import { asWindows1252, encodingEvidence, textHead } from '../text/text-evidence.ts';
import { type CsvLayout, detectLayout } from './csv-dialect.ts';
import { csvEvidence } from './csv-evidence.ts';
import { hasStrayReturn, lineEndsHint, readAnyLineEnds, strayReturn } from './csv-line-ends.ts';
import { emptyFile, headerMismatch, isBlank, withoutTrailing } from './csv-parser.ts';
import { type CsvField, readCsvRecord } from './csv-record.ts';
import type { CsvHead, CsvHeadOptions, CsvSample, LineKind } from './csv-sample.ts';

/** For a sample of 1,000 rows; proportionally more for a larger one. */
const headBytes = 4 * 1024 * 1024;
const usualRows = 1000;
const sniffBytes = 64 * 1024;
const minSampleRows = 10;
const checkedHeaders = 20;
/** Lines before the table that are shown. */
const shownPreamble = 3;
/** To look at the headers of many files: discovery as a whole is given up after five seconds. */
const headersMs = 2500;
/** To look into the middle and the end of many files. */
const furtherMs = 1000;
const noSignal = new AbortController().signal;

/**
 * The schema of files that are read together, and their problems: `byName` merges their columns, otherwise all need the header of the
 * first. `brief` as in `DiscoverContext`. Never throws.
 */
export async function discoverCsv(
  files: readonly InputFile[],
  options: CsvHeadOptions,
  signal: AbortSignal,
  { byName = false, brief = false }: { readonly byName?: boolean; readonly brief?: boolean } = {},
): Promise<Discovery> {
  const problems: NodeProblem[] = [];
  try {
    const first = itemAt(files, 0);
    const head = await readCsvHead(first, options, options.sampleRows, signal);
    if (head.unreadable > 0 && head.firstUnreadable) {
      const { line, message, hint, fix } = head.firstUnreadable;
      const total = head.rows.length + head.unreadable;
      problems.push({
        code: 'csv/unreadable-rows',
        severity: 'warning',
        message: `${head.unreadable} of the first ${total} rows of ${first.name} cannot be read. Line ${line}: ${message}`,
        hint,
        position: { source: first.name, line },
        ...(fix && { fix }),
      });
    }
    const names = columnNames(head);
    const renamed = head.names?.findIndex((name, i) => name !== names[i]) ?? -1;
    if (renamed !== -1) {
      const name = head.names?.[renamed] ?? '';
      problems.push({
        code: 'csv/column-name',
        severity: 'warning',
        message: `The header of ${first.name} ${name === '' ? `has no name for column ${renamed + 1}` : `names "${name}" more than once`}; it is called "${names[renamed]}" here.`,
        hint: 'A select node can rename it.',
      });
    }
    problems.push(...layoutNotes(first, head, options));
    const heads = [{ file: first, head }];
    if (byName) heads.push(...(await otherHeads(files, options, signal, problems)));
    else {
      for (const file of head.names ? files.slice(1, checkedHeaders) : []) {
        const other = await readCsvHead(file, options, 0, signal);
        if (other.names?.join('\n') !== head.names?.join('\n')) throw headerMismatch(first, head.names ?? [], file, other.names ?? []);
      }
    }
    const samples = await samplesOf(heads, options, signal);
    const found = unite(samples, options, problems);
    return { ...found, problems, ...(!brief && { detected: await csvEvidence(samples, found.schema, options, signal) }) };
  } catch (error) {
    if (!(error instanceof MillraceError)) throw error;
    const text = files[0] && !brief && (await textHead(files[0], signal));
    return { schema: null, problems: [...problems, error.problem], ...(text && { detected: [encodingEvidence(text, options.encoding)] }) };
  }
}

/** The names of a file's columns: as in its header, but none is empty or occurs twice. */
export function columnNames({ names, rows }: Pick<CsvHead, 'names' | 'rows'>): string[] {
  return inferFromText(names ?? (rows[0] ?? []).map(() => ''), []).columns.map(({ name }) => name);
}

/**
 * Rows of the middle and the end. A record of another width is skipped, whatever happens to it in the run: the stretch may begin within a
 * quoted field.
 */
async function furtherRows({ file, head }: HeadOfFile, options: CsvHeadOptions, signal: AbortSignal): Promise<(string | null)[][]> {
  const rows: (string | null)[][] = [];
  const { dialect } = head;
  const names = columnNames(head);
  const width = names.length;
  const missing = missingMarks(options.nullText);
  for (const bytes of await furtherLines(file, options, head.beginning, signal)) {
    for (let at = 0; at < bytes.length; ) {
      const record = readCsvRecord(bytes, at, dialect, 1, true, false);
      if (record.kind === 'more') break;
      if (record.kind === 'fields' && !isBlank(record.fields, width)) {
        const fields = dialect.trailing ? withoutTrailing(record.fields, width) : record.fields;
        if (fields.length === width) rows.push(cellsOf(fields, missing, options.formats, names));
      }
      at = record.next;
    }
  }
  return rows;
}

interface HeadOfFile {
  readonly file: InputFile;
  readonly head: CsvHead;
}

/** Of all files but the first, as time allows: the last one, which is often the newest, comes first. */
async function otherHeads(files: readonly InputFile[], options: CsvHeadOptions, signal: AbortSignal, problems: NodeProblem[]): Promise<HeadOfFile[]> {
  const heads: HeadOfFile[] = [];
  const rows = Math.max(minSampleRows, Math.floor(options.sampleRows / files.length));
  const others = files.slice(1);
  const until = performance.now() + headersMs;
  for (const file of [...others.slice(-1), ...others.slice(0, -1)]) {
    if (performance.now() > until) {
      const message = `Only ${heads.length + 1} of ${files.length} files could be looked into for their columns.`;
      problems.push({ code: 'csv/many-files', severity: 'warning', message, hint: 'Files with other columns fail when they are read. Name fewer files.' });
      break;
    }
    heads.push({ file, head: await readCsvHead(file, options, rows, signal) });
  }
  return heads.sort((a, b) => files.indexOf(a.file) - files.indexOf(b.file));
}

/** The rows of all heads, and further ones of their files as time allows, of the first in any case. */
async function samplesOf(heads: readonly HeadOfFile[], options: CsvHeadOptions, signal: AbortSignal): Promise<CsvSample[]> {
  const samples: CsvSample[] = [];
  const until = performance.now() + furtherMs;
  for (const each of heads) {
    const isLate = samples.length > 0 && performance.now() > until;
    samples.push({
      ...each,
      names: columnNames(each.head),
      rows: isLate ? each.head.rows : [...each.head.rows, ...(await furtherRows(each, options, signal))],
    });
  }
  return samples;
}

/** The columns of all files by their names, with types that fit all samples. */
function unite(
  samples: readonly CsvSample[],
  { formats, nullText }: Pick<CsvHeadOptions, 'formats' | 'nullText'>,
  problems: NodeProblem[],
): { readonly schema: Schema; readonly readings?: Readings } {
  const places = new Map<string, number>();
  const united = samples.flatMap(({ names, rows }) => {
    for (const name of names) if (!places.has(name)) places.set(name, places.size);
    if (names.every((name, i) => places.get(name) === i)) return rows;
    return rows.map((row) => {
      const cells: (string | null)[] = [];
      row.forEach((cell, i) => {
        cells[places.get(itemAt(names, i)) ?? missing(`the column "${names[i]}"`)] = cell;
      });
      return cells;
    });
  });
  problems.push(...missingColumns([...places.keys()], samples));
  const schema = inferFromText([...places.keys()], formats ? plainRows([...places.keys()], united, formats) : united);
  problems.push(...formatOffers(schema, united, formats, words(nullText)));
  return { schema, ...(formats && { readings: readingsOf(schema, united, formats) }) };
}

/** One note, however many columns some of the files lack. */
function missingColumns(columns: readonly string[], samples: readonly CsvSample[]): NodeProblem[] {
  const missing = columns.filter((name) => samples.some(({ names }) => !names.includes(name)));
  const [first, ...others] = missing;
  if (first === undefined) return [];
  const without = samples.filter(({ names }) => missing.some((name) => !names.includes(name)));
  const file = itemAt(without, 0).file.name;
  const where = without.length === 1 ? file : `${without.length} of ${samples.length} files, such as ${file}`;
  const message =
    others.length === 0
      ? `Column "${first}" is missing from ${where}, and null there.`
      : `${missing.length} columns are not in all files, and null where they are missing: ${nameList(missing)}. Columns are missing from ${where}.`;
  const hint = 'If a column has another name in some files, read those files with a source of their own.';
  return [{ code: 'csv/column-missing', severity: 'info', message, hint, field: 'path' }];
}

/** Detected settings that change which lines are read. */
function layoutNotes({ name }: InputFile, { skip, guessedComment, names, sepLine, otherHeader }: CsvHead, options: CsvHeadOptions): NodeProblem[] {
  const notes: NodeProblem[] = [];
  const note = (code: ProblemCode, severity: 'info' | 'warning', message: string, hint: string, field: string) =>
    notes.push({ code, severity, message, hint, field });
  if (options.skip === null && skip > 0) {
    const lines = skip === 1 ? `The first line of ${name} stands before the table and is` : `The first ${skip} lines of ${name} stand before the table and are`;
    const message = sepLine === null ? `${lines} left out.` : `The first line of ${name} names the delimiter and is not a row.`;
    note('csv/preamble', 'info', message, `If ${skip === 1 ? 'it is a row' : 'they are rows'}, set the lines to skip to 0.`, 'skip');
  }
  if (otherHeader !== null) {
    notes.push({
      code: 'csv/other-header',
      severity: 'warning',
      message: `Line ${otherHeader} of ${name} looks like the header of a table, and stands apart from the lines before, which are read as rows.`,
      hint: 'If the table begins there, set the lines to skip.',
      field: 'skip',
      fix: { title: `Begin with line ${otherHeader}`, param: 'skip', value: otherHeader - 1 },
    });
  }
  if (guessedComment) note('csv/comments', 'info', `Lines of ${name} that begin with # are comments.`, 'If they are rows, empty the comment mark.', 'comment');
  const looksLikeData =
    names?.some((text) => text !== '') &&
    inferFromText(names, [names.map((text) => text || null)]).columns.every(({ type }, i) => names[i] === '' || type !== 'string');
  if (looksLikeData) {
    const message = `The first row of ${name}, which holds the names, looks like data: ${names?.slice(0, 3).join(', ')}.`;
    note('csv/header', 'warning', message, 'If it holds no names, switch the header off.', 'header');
  }
  return notes;
}

/** Throws a MillraceError if not even the header can be read. */
export async function readCsvHead(file: InputFile, options: CsvHeadOptions, maxRows: number, signal = noSignal): Promise<CsvHead> {
  const { encoding, lineEnds } = options;
  const reader = await openBytesUntil(signal, file, { encoding, lineEnds, chunkSize: sniffBytes });
  try {
    let bytes: Buffer = Buffer.alloc(0);
    let ended = false;
    const readOn = async () => {
      const more = await within(reader.next(Buffer.from(bytes)), signal, file.name);
      if (more) bytes = more;
      else {
        ended = true;
        if (bytes.length > 0 && bytes[bytes.length - 1] !== 10) bytes = Buffer.concat([bytes, Buffer.of(10)]);
      }
    };
    while (bytes.length < sniffBytes && !ended) await readOn();
    const sample = new Sample(file, detectLayout(bytes, options, ended), options, maxRows);
    const mostBytes = headBytes * Math.max(1, maxRows / usualRows);
    while (!sample.read(bytes, ended, reader.translated) && !ended && bytes.length < mostBytes) await readOn();
    return sample.head(ended, reader.canSkip);
  } finally {
    await reader.close();
  }
}

class Sample {
  readonly #file: InputFile;
  readonly #layout: CsvLayout;
  readonly #options: CsvHeadOptions;
  readonly #maxRows: number;
  readonly #missing: ReadonlySet<string>;
  readonly #rows: (string | null)[][] = [];
  #names: string[] | null = null;
  #width = 0;
  #unreadable = 0;
  #firstUnreadable: CsvHead['firstUnreadable'] = null;
  #at = 0;
  #line = 1;
  #toSkip: number;
  readonly #rowLines: number[] = [];
  readonly #first: { [kind in LineKind]: SeenLine | null } = { header: null, row: null, comment: null, quoted: null, escaped: null };
  readonly #counts = { comments: 0, quoted: 0 };
  readonly #preamble: SeenLine[] = [];

  constructor(file: InputFile, layout: CsvLayout, options: CsvHeadOptions, maxRows: number) {
    this.#file = file;
    this.#layout = layout;
    this.#toSkip = layout.skip;
    this.#options = options;
    this.#maxRows = maxRows;
    this.#missing = missingMarks(options.nullText);
  }

  /** Continues reading the bytes from the file's beginning; true when there are enough rows. */
  read(bytes: Buffer, last: boolean, translated: boolean): boolean {
    while (this.#at < bytes.length && !this.#isFull()) {
      if (this.#toSkip > 0) {
        const feed = bytes.indexOf(10, this.#at);
        if (feed === -1) return false;
        if (this.#preamble.length < shownPreamble) this.#preamble.push(this.#seen(bytes, feed + 1));
        this.#at = feed + 1;
        this.#line++;
        this.#toSkip--;
        continue;
      }
      const record = readCsvRecord(bytes, this.#at, this.#layout.dialect, this.#line, last, translated);
      if (record.kind === 'more') return false;
      if (record.kind === 'bad') this.#bad(record.message, record.hint, record.code);
      else if (record.kind === 'comment') {
        this.#first.comment ??= this.#seen(bytes, record.next);
        this.#counts.comments++;
      } else {
        this.#note(record.fields, bytes, record.next);
        this.#add(record.fields);
      }
      this.#at = record.next;
      this.#line += record.lines;
    }
    return this.#isFull();
  }

  head(isWhole: boolean, canSkip: boolean): CsvHead {
    if (this.#width === 0) {
      if (isWhole && this.#line > 1 && this.#layout.skip > 0) throw nothingBehind(this.#file, this.#layout.skip);
      if (isWhole) throw emptyFile(this.#file);
      throw new MillraceError({
        code: 'csv/long-line',
        message: `The first line of ${this.#file.name} is longer than ${headBytes / 1024 / 1024} MB.`,
        hint: 'The file may be no CSV, or have other line ends than LF and CR LF, or a quote that is never closed.',
      });
    }
    const beginning = { bytes: this.#at, rows: this.#rows.length, canSkip };
    return {
      ...this.#layout,
      names: this.#names,
      rows: this.#rows,
      unreadable: this.#unreadable,
      firstUnreadable: this.#firstUnreadable,
      beginning,
      rowLines: this.#rowLines,
      first: this.#first,
      counts: this.#counts,
      preamble: this.#preamble,
      sepLine: this.#layout.namedDelimiter ? (this.#preamble[0] ?? null) : null,
    };
  }

  #seen(bytes: Buffer, next: number): SeenLine {
    return seen(bytes.toString('utf8', this.#at, Math.min(next, this.#at + 4 * seenLength)).replace(/\r?\n$/, ''), this.#line);
  }

  /** Remembers the evidence of a record for the file's format; the record is not yet consumed. */
  #note(fields: readonly CsvField[], bytes: Buffer, next: number): void {
    if (isBlank(fields, this.#width)) return;
    const first = this.#first;
    const isHeader = this.#width === 0 && this.#options.header;
    if (isHeader) first.header = this.#seen(bytes, next);
    else first.row ??= this.#seen(bytes, next);
    if (!isHeader && fields.some(({ quoted }) => quoted)) {
      first.quoted ??= this.#seen(bytes, next);
      this.#counts.quoted++;
    }
    const { escape: mark } = this.#layout.dialect;
    if (mark !== undefined && !first.escaped && bytes.subarray(this.#at, next).includes(mark)) first.escaped = this.#seen(bytes, next);
  }

  #isFull(): boolean {
    return this.#width > 0 && this.#rows.length + this.#unreadable >= this.#maxRows;
  }

  #add(record: readonly CsvField[]): void {
    if (isBlank(record, this.#width)) return;
    const { header, width } = this.#options;
    if (this.#width === 0) {
      const hasTrailing = this.#layout.dialect.trailing && record.length > 1;
      const fields = hasTrailing ? withoutTrailing(record, record.length - 1) : record;
      this.#width = fields.length;
      if (header) {
        this.#names = fields.map((field) => field.text);
        if (hasStrayReturn(fields)) throw otherLineEnds(this.#file);
        return;
      }
    }
    const fields = this.#layout.dialect.trailing ? withoutTrailing(record, this.#width) : record;
    const fits = width === 'strict' ? fields.length === this.#width : fields.length <= this.#width || width === 'cut';
    if (fits) {
      const cells = cellsOf(fields.slice(0, this.#width), this.#missing, this.#options.formats, this.#names ?? []);
      while (cells.length < this.#width) cells.push(null);
      this.#rows.push(cells);
      this.#rowLines.push(this.#line);
      return;
    }
    const what = `The row does not have ${this.#width} fields, but ${fields.length}`;
    if (hasStrayReturn(record)) {
      const { message, hint, code } = strayReturn(what);
      this.#bad(message, hint, code);
    } else {
      this.#bad(`${what}.`, 'Check its delimiters, and the delimiter that is set here. For lines before the table, set how many to skip.', 'csv/fields');
    }
  }

  #bad(message: string, generalHint: string, code: ProblemCode): void {
    const fix = code === 'csv/line-ends' ? readAnyLineEnds : code === 'csv/encoding' && this.#options.encoding === 'auto' ? asWindows1252 : null;
    const hint = fix === asWindows1252 ? 'Set the encoding that it has: most often that is windows-1252.' : generalHint;
    if (this.#width === 0 && this.#options.header)
      throw new MillraceError({ code, message: `The header of ${this.#file.name} cannot be read. ${message}`, hint, ...(fix && { fix }) });
    this.#unreadable++;
    this.#firstUnreadable ??= { line: this.#line, message, hint, fix };
  }
}

/** A column's own marks are left to type inference. */
function cellsOf(fields: readonly CsvField[], missing: ReadonlySet<string>, formats: CellFormats | undefined, names: readonly string[]): (string | null)[] {
  return fields.map(({ text, quoted }, i) => (!quoted && missing.has(text) && !formats?.hasMarks(names[i] ?? '') ? null : text));
}

function otherLineEnds(file: InputFile): MillraceError {
  return new MillraceError({
    code: 'csv/line-ends',
    message: `Some lines of ${file.name} end with a carriage return alone, as on old Macs.`,
    hint: lineEndsHint,
    fix: readAnyLineEnds,
  });
}

function nothingBehind(file: InputFile, skip: number): MillraceError {
  return new MillraceError({
    code: 'csv/skip',
    message: `There is no header after the first ${skip === 1 ? 'line' : `${skip} lines`} of ${file.name}, which are skipped.`,
    hint: 'Set fewer lines to skip.',
    field: 'skip',
  });
}
