/** The beginning of JSON Lines files: their columns, found within bounds of time and bytes. */
import { inferFromJson } from '../../engine/schema/infer.ts';
import { MillraceError } from '../../engine/schema/problem.ts';
import type { Discovery } from '../kit/node.ts';
import { openBytes } from './byte-reader.ts';
import type { InputFile } from './input-files.ts';
import { isRecord, parseExactly, syntaxMessage } from './jsonl-record.ts';
import { type Beginning, furtherLines } from './stretches.ts';
import { within } from './time-limit.ts';

/** For a sample of 1,000 rows; a larger one may have more, in proportion. */
const headBytes = 4 * 1024 * 1024;
const usualRows = 1000;
const chunkSize = 64 * 1024;
const lineFeed = 10;

/** The columns of files that are read together, from a sample of their rows. Never throws a MillraceError. */
export async function discoverJsonl(files: readonly InputFile[], encoding: string, sampleRows: number, signal: AbortSignal): Promise<Discovery> {
  const records: Record<string, unknown>[] = [];
  const further: Record<string, unknown>[] = [];
  const broken: { readonly source: string; readonly line: number; readonly message: string }[] = [];
  try {
    let budget = headBytes * Math.max(1, sampleRows / usualRows);
    for (const file of files) {
      if (records.length >= sampleRows || budget <= 0) break;
      const beginning = await sample(file, encoding, budget, signal, (line, number) => {
        if (line.trim() === '') return true;
        try {
          const record = parseExactly(line);
          if (isRecord(record)) records.push(record);
          else broken.push({ source: file.name, line: number, message: 'The line is JSON, but not an object.' });
        } catch (error) {
          broken.push({ source: file.name, line: number, message: `The line is not JSON: ${syntaxMessage(error, line)}.` });
        }
        return records.length + broken.length < sampleRows;
      });
      budget -= beginning.seen;
      for (const lines of await furtherLines(file, encoding, beginning, signal)) addRecords(lines, further);
    }
  } catch (error) {
    if (!(error instanceof MillraceError)) throw error;
    return { schema: null, problems: [error.problem] };
  }
  const [first] = broken;
  const hint = 'Each line has to be one JSON object such as {"id": 1}.';
  if (records.length === 0) {
    const message = first
      ? `No line of ${first.source} could be read. Line ${first.line}: ${first.message}`
      : `${files[0]!.name} holds no rows to tell columns from.`;
    return { schema: null, problems: [{ code: 'jsonl/no-rows', severity: 'error', message, hint }] };
  }
  const schema = inferFromJson([...records, ...further]);
  if (!first) return { schema };
  const { source, line } = first;
  const message = `${broken.length} of the first ${records.length + broken.length} lines cannot be read. ${source}, line ${line}: ${first.message}`;
  return { schema, problems: [{ code: 'jsonl/unreadable-rows', severity: 'warning', message, hint, position: { source, line } }] };
}

/** What is no record is left out. */
function addRecords(lines: Buffer, records: Record<string, unknown>[]): void {
  for (const line of lines.toString('utf8').split('\n')) {
    try {
      const record = parseExactly(line);
      if (isRecord(record)) records.push(record);
    } catch {}
  }
}

/** Calls `take` with each line until it returns false; `seen` are the bytes that were looked at. */
async function sample(
  file: InputFile,
  encoding: string,
  maxBytes: number,
  signal: AbortSignal,
  take: (line: string, number: number) => boolean,
): Promise<Beginning & { readonly seen: number }> {
  const reader = await within(openBytes(file, { encoding, chunkSize }), signal, file.name);
  try {
    let bytes: Buffer = Buffer.alloc(0);
    let seen = 0;
    let number = 1;
    let taken = 0;
    const end = () => ({ seen, bytes: taken, rows: number - 1, canSkip: reader.canSkip });
    for (;;) {
      const rest = bytes.length;
      const next = seen < maxBytes ? await within(reader.next(Buffer.from(bytes)), signal, file.name) : null;
      if (!next) {
        if (seen >= maxBytes && number === 1) throw longLine(file);
        if (rest > 0 && seen < maxBytes) {
          take(bytes.toString('utf8'), number);
          taken = seen;
        }
        return end();
      }
      seen += next.length - rest;
      let at = 0;
      for (let feed = next.indexOf(lineFeed); feed !== -1; feed = next.indexOf(lineFeed, at)) {
        taken += feed + 1 - at;
        if (!take(next.toString('utf8', at, feed), number++)) return end();
        at = feed + 1;
      }
      bytes = next.subarray(at);
    }
  } finally {
    await reader.close();
  }
}

function longLine(file: InputFile): MillraceError {
  return new MillraceError({
    code: 'jsonl/long-line',
    message: `The first line of ${file.name} is longer than ${headBytes / 1024 / 1024} MB.`,
    hint: 'The file may be one large JSON array: write one object per line instead.',
  });
}
