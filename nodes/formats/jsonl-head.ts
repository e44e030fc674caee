/** The beginning of JSON Lines files: their columns, found within bounds of time and bytes. */
import { inferFromJson } from '../../engine/schema/infer.ts';
import { MillraceError } from '../../engine/schema/problem.ts';
import type { Discovery } from '../kit/node.ts';
import { openBytes } from './byte-reader.ts';
import type { InputFile } from './input-files.ts';
import { isRecord, parseExactly, syntaxMessage } from './jsonl-record.ts';
import { within } from './time-limit.ts';

const sampleRows = 1000;
const headBytes = 4 * 1024 * 1024;
const chunkSize = 64 * 1024;
const lineFeed = 10;

/** The columns of files that are read together, from the first 1,000 rows. Never throws a MillraceError. */
export async function discoverJsonl(files: readonly InputFile[], encoding: string, signal: AbortSignal): Promise<Discovery> {
  const records: Record<string, unknown>[] = [];
  const broken: { readonly source: string; readonly line: number; readonly message: string }[] = [];
  try {
    let budget = headBytes;
    for (const file of files) {
      if (records.length >= sampleRows || budget <= 0) break;
      budget -= await sample(file, encoding, budget, signal, (line, number) => {
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
  const schema = inferFromJson(records);
  if (!first) return { schema };
  const { source, line } = first;
  const message = `${broken.length} of the first ${records.length + broken.length} lines cannot be read. ${source}, line ${line}: ${first.message}`;
  return { schema, problems: [{ code: 'jsonl/unreadable-rows', severity: 'warning', message, hint, position: { source, line } }] };
}

/** Calls `take` with each line until it returns false; gives the bytes that were looked at. */
async function sample(
  file: InputFile,
  encoding: string,
  maxBytes: number,
  signal: AbortSignal,
  take: (line: string, number: number) => boolean,
): Promise<number> {
  const reader = await within(openBytes(file, { encoding, chunkSize }), signal, file.name);
  try {
    let bytes: Buffer = Buffer.alloc(0);
    let seen = 0;
    let number = 1;
    for (;;) {
      const rest = bytes.length;
      const next = seen < maxBytes ? await within(reader.next(Buffer.from(bytes)), signal, file.name) : null;
      if (!next) {
        if (seen >= maxBytes && number === 1) throw longLine(file);
        if (rest > 0 && seen < maxBytes) take(bytes.toString('utf8'), number);
        return seen;
      }
      seen += next.length - rest;
      let at = 0;
      for (let feed = next.indexOf(lineFeed); feed !== -1; feed = next.indexOf(lineFeed, at)) {
        if (!take(next.toString('utf8', at, feed), number++)) return seen;
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
