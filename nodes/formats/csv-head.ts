/** The beginning of CSV files: their dialect, header and first rows, found within bounds of time and bytes. */
import { inferFromText } from '../../engine/schema/infer.ts';
import { MillraceError } from '../../engine/schema/problem.ts';
import type { Discovery, NodeProblem } from '../kit/node.ts';
import { openBytes } from './byte-reader.ts';
import { emptyFile, headerMismatch, isBlank } from './csv-parser.ts';
import { type CsvDialect, type CsvField, readCsvRecord } from './csv-record.ts';
import type { InputFile } from './input-files.ts';
import { type Beginning, furtherLines } from './stretches.ts';
import { within } from './time-limit.ts';

export interface CsvHeadOptions {
  /** A byte, or null to find it out. */
  readonly delimiter: number | null;
  /** A byte, or -1 for none. */
  readonly quote: number;
  readonly header: boolean;
  readonly encoding: string;
  readonly nullText: string;
  /** How many rows at the beginning of a file are looked at to tell the types. */
  readonly sampleRows: number;
}
export interface CsvHead {
  readonly dialect: CsvDialect;
  /** As the file has them; null without a header. */
  readonly names: readonly string[] | null;
  readonly rows: readonly (readonly (string | null)[])[];
  /** How many of the first rows could not be read, and the first of these. */
  readonly unreadable: number;
  readonly firstUnreadable: { readonly line: number; readonly message: string; readonly hint: string } | null;
  readonly beginning: Beginning;
}

/** For a sample of 1,000 rows; a larger one may have more, in proportion. */
const headBytes = 4 * 1024 * 1024;
const usualRows = 1000;
const sniffBytes = 64 * 1024;
const sniffRecords = 100;
const checkedHeaders = 20;
const candidates = [...',;\t|'].map((character) => character.charCodeAt(0));
const noSignal = new AbortController().signal;

/** The schema of files that are read together, and what is wrong with them. Never throws. */
export async function discoverCsv(files: readonly InputFile[], options: CsvHeadOptions, signal: AbortSignal): Promise<Discovery> {
  const problems: NodeProblem[] = [];
  try {
    const first = files[0]!;
    const head = await readCsvHead(first, options, options.sampleRows, signal);
    const names = head.names ?? Array.from({ length: head.rows[0]?.length ?? 0 }, () => '');
    const schema = inferFromText(names, [...head.rows, ...(await furtherRows(first, head, names.length, options, signal))]);
    if (head.unreadable > 0 && head.firstUnreadable) {
      const { line, message, hint } = head.firstUnreadable;
      const total = head.rows.length + head.unreadable;
      problems.push({
        code: 'csv/unreadable-rows',
        severity: 'warning',
        message: `${head.unreadable} of the first ${total} rows of ${first.name} cannot be read. Line ${line}: ${message}`,
        hint,
        position: { source: first.name, line },
      });
    }
    const renamed = head.names?.findIndex((name, i) => name !== schema.columns[i]!.name) ?? -1;
    if (renamed !== -1) {
      const name = head.names![renamed]!;
      problems.push({
        code: 'csv/column-name',
        severity: 'warning',
        message: `The header of ${first.name} ${name === '' ? `has no name for column ${renamed + 1}` : `names "${name}" more than once`}; it is called "${schema.columns[renamed]!.name}" here.`,
        hint: 'A select node can rename it.',
      });
    }
    for (const file of head.names ? files.slice(1, checkedHeaders) : []) {
      const other = await readCsvHead(file, options, 0, signal, head.dialect);
      if (other.names!.join('\n') !== head.names!.join('\n')) throw headerMismatch(first, head.names!, file, other.names!);
    }
    return { schema, problems };
  } catch (error) {
    if (!(error instanceof MillraceError)) throw error;
    return { schema: null, problems: [...problems, error.problem] };
  }
}

/** Rows of the middle and the end. A record of another width is left out: the stretch may begin within a quoted field. */
async function furtherRows(file: InputFile, head: CsvHead, width: number, options: CsvHeadOptions, signal: AbortSignal): Promise<(string | null)[][]> {
  const rows: (string | null)[][] = [];
  for (const bytes of await furtherLines(file, options.encoding, head.beginning, signal)) {
    for (let at = 0; at < bytes.length; ) {
      const record = readCsvRecord(bytes, at, head.dialect, 1, true, false);
      if (record.kind === 'more') break;
      if (record.kind === 'fields' && record.fields.length === width && !isBlank(record.fields, width)) rows.push(cellsOf(record.fields, options.nullText));
      at = record.next;
    }
  }
  return rows;
}

/** Throws a MillraceError where not even the header can be read. `dialect` spares the search for it. */
export async function readCsvHead(file: InputFile, options: CsvHeadOptions, maxRows: number, signal = noSignal, dialect?: CsvDialect): Promise<CsvHead> {
  const reader = await within(openBytes(file, { encoding: options.encoding, chunkSize: sniffBytes }), signal, file.name);
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
    const found = dialect ?? { delimiter: options.delimiter ?? detectDelimiter(bytes, options.quote, ended), quote: options.quote };
    const sample = new Sample(file, found, options, maxRows);
    const mostBytes = headBytes * Math.max(1, maxRows / usualRows);
    while (!sample.read(bytes, ended, reader.translated) && !ended && bytes.length < mostBytes) await readOn();
    return sample.head(ended, reader.canSkip);
  } finally {
    await reader.close();
  }
}

/** The candidate that cuts the most records into the same number of fields, more than one; the comma where none does. */
function detectDelimiter(bytes: Buffer, quote: number, last: boolean): number {
  let best = candidates[0]!;
  let bestScore = 0;
  for (const delimiter of candidates) {
    const widths: number[] = [];
    for (let at = 0; at < bytes.length && widths.length < sniffRecords; ) {
      const record = readCsvRecord(bytes, at, { delimiter, quote }, 1, last, false);
      if (record.kind === 'more') break;
      if (record.kind === 'bad') widths.push(0);
      else if (!isBlank(record.fields, 2)) widths.push(record.fields.length);
      at = record.next;
    }
    const width = widths[0] ?? 0;
    if (width < 2) continue;
    const alike = widths.filter((other) => other === width).length / widths.length;
    // More fields decide only between delimiters that fit equally well.
    const score = alike + Math.min(width, 1000) / 1e6;
    if (score > bestScore) {
      best = delimiter;
      bestScore = score;
    }
  }
  return best;
}

class Sample {
  readonly #file: InputFile;
  readonly #dialect: CsvDialect;
  readonly #options: CsvHeadOptions;
  readonly #maxRows: number;
  readonly #rows: (string | null)[][] = [];
  #names: string[] | null = null;
  #width = 0;
  #unreadable = 0;
  #firstUnreadable: CsvHead['firstUnreadable'] = null;
  #at = 0;
  #line = 1;

  constructor(file: InputFile, dialect: CsvDialect, options: CsvHeadOptions, maxRows: number) {
    this.#file = file;
    this.#dialect = dialect;
    this.#options = options;
    this.#maxRows = maxRows;
  }

  /** Reads on in the bytes from the file's beginning; true when there are enough rows. */
  read(bytes: Buffer, last: boolean, translated: boolean): boolean {
    while (this.#at < bytes.length && !this.#isFull()) {
      const record = readCsvRecord(bytes, this.#at, this.#dialect, this.#line, last, translated);
      if (record.kind === 'more') return false;
      if (record.kind === 'bad') this.#bad(record.message, record.hint, record.code);
      else this.#add(record.fields);
      this.#at = record.next;
      this.#line += record.lines;
    }
    return this.#isFull();
  }

  head(isWhole: boolean, canSkip: boolean): CsvHead {
    if (this.#width === 0) {
      if (isWhole) throw emptyFile(this.#file);
      throw new MillraceError({
        code: 'csv/long-line',
        message: `The first line of ${this.#file.name} is longer than ${headBytes / 1024 / 1024} MB.`,
        hint: 'The file may be no CSV, or have other line ends than LF and CR LF, or a quote that is never closed.',
      });
    }
    const beginning = { bytes: this.#at, rows: this.#rows.length, canSkip };
    return { dialect: this.#dialect, names: this.#names, rows: this.#rows, unreadable: this.#unreadable, firstUnreadable: this.#firstUnreadable, beginning };
  }

  #isFull(): boolean {
    return this.#width > 0 && this.#rows.length + this.#unreadable >= this.#maxRows;
  }

  #add(fields: readonly CsvField[]): void {
    if (isBlank(fields, this.#width)) return;
    if (this.#width === 0) {
      this.#width = fields.length;
      if (this.#options.header) {
        this.#names = fields.map((field) => field.text);
        if (this.#names.some((name) => name.includes('\r'))) throw otherLineEnds(this.#file);
        return;
      }
    }
    if (fields.length === this.#width) this.#rows.push(cellsOf(fields, this.#options.nullText));
    else
      this.#bad(
        `The row does not have ${this.#width} fields, but ${fields.length}.`,
        'Check its delimiters, and the delimiter that is set here.',
        'csv/fields',
      );
  }

  #bad(message: string, hint: string, code: string): void {
    if (this.#width === 0 && this.#options.header)
      throw new MillraceError({ code, message: `The header of ${this.#file.name} cannot be read. ${message}`, hint });
    this.#unreadable++;
    this.#firstUnreadable ??= { line: this.#line, message, hint };
  }
}

function cellsOf(fields: readonly CsvField[], nullText: string): (string | null)[] {
  return fields.map(({ text, quoted }) => (!quoted && text === nullText ? null : text));
}

function otherLineEnds(file: InputFile): MillraceError {
  return new MillraceError({
    code: 'csv/line-ends',
    message: `The lines of ${file.name} end with a carriage return alone, as on old Macs.`,
    hint: 'Save the file with LF or CR LF line ends.',
  });
}
