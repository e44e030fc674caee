/** Further parts of a file from which to infer types: unusual values of a column are often not in its first rows. */

import { within } from '../text/time-limit.ts';
import { openBytesUntil } from './byte-reader.ts';
import type { TextOptions } from './file-rows.ts';
import type { InputFile } from './input-files.ts';

/** What was read at the beginning of a file. */
export interface Beginning {
  /** After the last row that was read. */
  readonly bytes: number;
  readonly rows: number;
  /** Whether other places of the file can be read without what precedes them. */
  readonly canSkip: boolean;
}

const mostBytes = 1024 * 1024;
const leastBytes = 4096;
const lineFeed = 10;

/**
 * Whole lines in the middle and at the end of a file, after what was read at its beginning: about a third as many as there for each, and at
 * most a megabyte. None of gzip and other encodings, which can only be read from the start.
 */
export async function furtherLines(file: InputFile, text: TextOptions, beginning: Beginning, signal: AbortSignal): Promise<readonly Buffer[]> {
  const { bytes, rows, canSkip } = beginning;
  if (!canSkip || rows === 0 || bytes >= file.size) return [];
  const length = Math.min(mostBytes, Math.max(leastBytes, Math.ceil(bytes / 3)));
  const middle = Math.max(bytes, Math.floor((file.size - length) / 2));
  const end = Math.max(middle + length, file.size - length);
  const stretches = [await linesAt(file, text, middle, middle === bytes, length, signal)];
  if (end < file.size) stretches.push(await linesAt(file, text, end, false, length, signal));
  return stretches;
}

/** The last line of the file counts without its line feed, unlike that of other stretches. */
async function linesAt(file: InputFile, text: TextOptions, at: number, isLineStart: boolean, length: number, signal: AbortSignal): Promise<Buffer> {
  // One more byte: a line may begin right there.
  const skip = isLineStart ? at : at - 1;
  const reader = await openBytesUntil(signal, file, { encoding: text.encoding, lineEnds: text.lineEnds, skip, chunkSize: length + 1 });
  try {
    let bytes: Buffer = Buffer.from((await within(reader.next(Buffer.alloc(0)), signal, file.name)) ?? []);
    if (skip + bytes.length >= file.size && bytes.at(-1) !== lineFeed) bytes = Buffer.concat([bytes, Buffer.of(lineFeed)]);
    const start = isLineStart ? 0 : bytes.indexOf(lineFeed) + 1;
    return start === 0 && !isLineStart ? Buffer.alloc(0) : bytes.subarray(start, bytes.lastIndexOf(lineFeed) + 1);
  } finally {
    await reader.close();
  }
}
