/** The beginning of text files: the columns of their lines, found within limits of time and bytes. */
import { runInNewContext } from 'node:vm';
import { formatLabel, isNamedFormat, namedReader, recogniseFormat } from '@millrace/kit/formats/log-formats';
import { readLogfmt } from '@millrace/kit/formats/logfmt';
import type { Discovery, NodeProblem } from '@millrace/kit/node';
import { openBytesUntil } from '../../../io/files/byte-reader.ts';
import type { Parser } from '../../../io/files/file-rows.ts';
import type { InputFile } from '../../../io/files/input-files.ts';
import { type Beginning, furtherLines } from '../../../io/files/stretches.ts';
import { within } from '../../../io/text/time-limit.ts';
import { itemAt } from '../../../model/faults/missing.ts';
import { MillraceError } from '../../../model/problems/problem.ts';
import { inferFromText } from '../../../model/schema/infer.ts';
import type { Row, Schema } from '../../../model/values/types.ts';
import { type CellFormats, plainRows } from '../cells/cell-formats.ts';
import { hasEntries, knownColumns, type TextParams, textProblems } from '../log-fields.ts';
import { HolesParser } from './nul-holes.ts';
import { entryBeginning, TextEntriesParser } from './text-entries.ts';
import { TextLinesParser } from './text-lines.ts';

/** For a sample of 1,000 lines; proportionally more for a larger one. */
const headBytes = 4 * 1024 * 1024;
const usualRows = 1000;
const chunkSize = 64 * 1024;
const longestLine = 16 * 1024 * 1024;
/** Fewer are enough to see the format of lines. */
const lookedAt = 100;
/** For the user's pattern over the sampled lines of a file. */
const patternMs = 1500;

export interface TextHeadOptions extends TextParams {
  readonly encoding: string;
  readonly sampleRows: number;
  readonly formats: CellFormats;
}

interface Texts {
  readonly file: InputFile;
  readonly texts: readonly { readonly text: string; readonly line: number }[];
  readonly beginning: Beginning;
}

/** The columns of files that are read together. Never throws a MillraceError. */
export async function discoverText(files: readonly InputFile[], options: TextHeadOptions, signal: AbortSignal): Promise<Discovery> {
  const { format } = options;
  // Errors in the params are reported where they are checked.
  if (textProblems(options).length > 0) return { schema: knownColumns(options) };
  try {
    const first = await sample(files, format === 'logfmt' || format === 'pattern' ? options.sampleRows : lookedAt, options, signal);
    if (format === 'text') return { schema: knownColumns(options), problems: suggestions(first) };
    if (isNamedFormat(format)) {
      const reader = namedReader(format, options.logZone, () => Date.now());
      const faults = first.flatMap(({ file, texts }) =>
        texts.flatMap(({ text, line }) => {
          const found = reader.read(text);
          return typeof found === 'string' ? [{ source: file.name, line, message: `It is not in the ${formatLabel(format)}: ${found}.` }] : [];
        }),
      );
      return { schema: knownColumns(options), problems: unreadableRows(faults, countOf(first)) };
    }
    return format === 'logfmt' ? await pairs(first, options, signal) : await groups(first, options, signal);
  } catch (error) {
    if (!(error instanceof MillraceError)) throw error;
    return { schema: knownColumns(options), problems: [error.problem] };
  }
}

interface Fault {
  readonly source: string;
  readonly line: number;
  readonly message: string;
}

async function pairs(samples: readonly Texts[], options: TextHeadOptions, signal: AbortSignal): Promise<Discovery> {
  const faults: Fault[] = [];
  const read = (text: string) => {
    const line = readLogfmt(text);
    return typeof line === 'string' ? `It is not made of pairs: ${line}.` : Object.fromEntries(line.pairs);
  };
  const found = await cellsOf(samples, options, signal, (texts) => texts.map(read), faults);
  const names = [...new Set(found.flatMap((cells) => Object.entries(cells).flatMap(([key, value]) => (value === null ? [] : [key]))))];
  if (names.length === 0) return { schema: null, problems: noRows(samples, faults) };
  return { schema: typesOf(names, found, options.formats), problems: unreadableRows(faults, countOf(samples)) };
}

async function groups(samples: readonly Texts[], options: TextHeadOptions, signal: AbortSignal): Promise<Discovery> {
  const known = knownColumns(options);
  if (!known) return { schema: null };
  const faults: Fault[] = [];
  const read = (texts: readonly string[]) => groupsOf(options.pattern, texts).map((found) => found ?? 'It does not match the pattern.');
  const found = await cellsOf(samples, options, signal, read, faults);
  const names = known.columns.map(({ name }) => name);
  return { schema: typesOf(names, found, options.formats), problems: unreadableRows(faults, countOf(samples)) };
}

/** The named groups of each text, null if the pattern does not match. Throws a MillraceError if it takes too long. */
function groupsOf(pattern: string, texts: readonly string[]): readonly (Cells | null)[] {
  const code = 'const find = new RegExp(pattern, "u"); texts.map((text) => find.exec(text)?.groups ?? null)';
  try {
    return runInNewContext(code, { pattern, texts }, { timeout: patternMs }) as (Cells | null)[];
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ERR_SCRIPT_EXECUTION_TIMEOUT') throw error;
    const message = `The pattern takes more than ${patternMs / 1000} s for the first lines.`;
    const hint = 'It tries too much: look for repetitions of repetitions, such as (a+)+.';
    throw new MillraceError({ code: 'pattern/slow', message, hint, field: 'pattern' }, { cause: error });
  }
}

type Cells = { readonly [name: string]: string | null | undefined };

function typesOf(names: readonly string[], found: readonly Cells[], formats: CellFormats): Schema {
  const cell = (cells: Cells, name: string) => (Object.hasOwn(cells, name) ? (cells[name] ?? null) : null);
  const rows = found.map((cells) => names.map((name) => cell(cells, name)));
  return inferFromText(names, plainRows(names, rows, formats));
}

/** The results of `read` for the sampled lines, and some of the middle and the end of each file: a text says why a line has no cells. */
async function cellsOf(
  samples: readonly Texts[],
  options: TextHeadOptions,
  signal: AbortSignal,
  read: (texts: readonly string[]) => readonly (Cells | string)[],
  faults: Fault[],
): Promise<Cells[]> {
  const cells: Cells[] = [];
  for (const { file, texts, beginning } of samples) {
    read(texts.map(({ text }) => text)).forEach((found, i) => {
      if (typeof found === 'string') faults.push({ source: file.name, line: itemAt(texts, i).line, message: found });
      else cells.push(found);
    });
    for (const bytes of await furtherLines(file, { encoding: options.encoding }, beginning, signal)) {
      const further = read(textsIn(bytes, file, options).texts.map(({ text }) => text));
      cells.push(...further.filter((found) => typeof found !== 'string'));
    }
  }
  return cells;
}

async function sample(files: readonly InputFile[], rows: number, options: TextHeadOptions, signal: AbortSignal): Promise<Texts[]> {
  const samples: Texts[] = [];
  let left = rows;
  let budget = headBytes * Math.max(1, rows / usualRows);
  for (const file of files) {
    if (left <= 0 || budget <= 0) break;
    const found = await beginningOf(file, left, budget, options, signal);
    left -= found.texts.length;
    budget -= found.beginning.bytes;
    samples.push(found);
  }
  return samples;
}

async function beginningOf(file: InputFile, rows: number, most: number, options: TextHeadOptions, signal: AbortSignal): Promise<Texts> {
  const reader = await openBytesUntil(signal, file, { encoding: options.encoding, chunkSize });
  try {
    let bytes: Buffer = Buffer.alloc(0);
    let hasEnded = false;
    let lines = 0;
    while (!hasEnded && bytes.length < most && lines < rows) {
      const next = await within(reader.next(Buffer.from(bytes)), signal, file.name);
      if (next) {
        for (let feed = next.indexOf(10, bytes.length); feed !== -1 && lines < rows; feed = next.indexOf(10, feed + 1)) lines++;
        bytes = next;
      } else hasEnded = true;
    }
    const end = hasEnded ? bytes.length : bytes.lastIndexOf(10) + 1;
    const { texts, taken } = textsIn(bytes.subarray(0, end), file, options, rows);
    return { file, texts, beginning: { bytes: taken, rows: texts.length, canSkip: reader.canSkip } };
  } finally {
    await reader.close();
  }
}

/** The lines, or entries, of whole lines; blank ones are skipped. */
function textsIn(bytes: Buffer, file: InputFile, { format, entry }: TextHeadOptions, rows = Number.POSITIVE_INFINITY) {
  const begins = entryBeginning(hasEntries(format) ? entry : null, (source, flags) => {
    const pattern = new RegExp(source, flags);
    return (text) => pattern.exec(text);
  });
  const ignore = () => {};
  const lines: Parser = begins ? new TextEntriesParser(begins, null, longestLine, ignore) : new TextLinesParser(null, longestLine, ignore);
  const parser = new HolesParser(lines, ignore);
  const whole = bytes.length === 0 || bytes.at(-1) === 10 ? bytes : Buffer.concat([bytes, Buffer.of(10)]);
  const window = { file, bytes: whole, at: 0, line: 1, last: true, translated: false };
  const found: { readonly rows: Row[]; readonly lines: number[]; readonly size: number } = { rows: [], lines: [], size: rows };
  parser.begin(file, false);
  parser.parse(window, found);
  const texts = found.rows.map(({ line }, i) => ({ text: line as string, line: itemAt(found.lines, i) })).filter(({ text }) => text.trim() !== '');
  return { texts, taken: Math.min(window.at, bytes.length) };
}

/** Lines of plain text that are in a known format. */
function suggestions(samples: readonly Texts[]): NodeProblem[] {
  const texts = samples.flatMap(({ texts }) => texts.map(({ text }) => text));
  const format = texts.length > 0 ? recogniseFormat(texts) : null;
  if (!format) return [];
  const label = formatLabel(format);
  const fix = { title: 'Read them into columns', param: 'format', value: format };
  return [{ code: 'log/format-known', severity: 'info', message: `The lines are in the ${label}.`, field: 'format', fix }];
}

function unreadableRows(faults: readonly Fault[], count: number): NodeProblem[] {
  const [first] = faults;
  if (!first) return [];
  const { source, line } = first;
  const message = `${faults.length} of the first ${count} lines cannot be read. ${source}, line ${line}: ${first.message}`;
  const hint = 'Choose the format that the lines have, or skip those that have another.';
  return [{ code: 'log/unreadable-rows', severity: 'warning', message, hint, field: 'format', position: { source, line } }];
}

function noRows(samples: readonly Texts[], [first]: readonly Fault[]): NodeProblem[] {
  const message = first
    ? `No line of ${first.source} could be read. Line ${first.line}: ${first.message}`
    : `${samples[0]?.file.name ?? 'The file'} holds no lines to infer columns from.`;
  return [{ code: 'log/no-rows', severity: 'error', message, hint: 'Choose the format that the lines have.', field: 'format' }];
}

function countOf(samples: readonly Texts[]): number {
  return samples.reduce((sum, { texts }) => sum + texts.length, 0);
}
