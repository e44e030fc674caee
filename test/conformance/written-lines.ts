/** Harnesses of sinks that write a line of text for each row, beginning with its number. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import type { SinkHarness } from '@millrace/kit/testing/sink-trial';
import type { Json } from '../../model/values/types.ts';

export interface LineFormat {
  readonly file: string;
  /** A file that holds the row -1. */
  readonly before: string;
  /** The number of the row of a line; null for a header. */
  numberOf(line: string): number | null;
}
interface Settings extends Pick<SinkHarness, 'params' | 'earlier' | 'early'> {
  /** There is a file before the first run. */
  readonly exists?: boolean;
}

export function writtenLines(format: LineFormat, { exists = false, ...settings }: Settings): SinkHarness {
  const isPacked = settings.params['compress'] === true;
  const at = (folder: string) => join(folder, format.file);
  const before = (folder: string) => writeFileSync(at(folder), isPacked ? gzipSync(format.before) : format.before);
  return {
    ...settings,
    files: [format.file],
    shown(folder) {
      if (!existsSync(at(folder))) return [];
      const bytes = readFileSync(at(folder));
      return numbersIn((isPacked && bytes.length > 0 ? gunzipSync(bytes) : bytes).toString(), format);
    },
    half: (folder, token) => halfAppend(at(folder), folder, token),
    ...(exists && { before }),
  };
}

export function numbersIn(text: string, { numberOf }: LineFormat): number[] {
  const lines = text.split('\n');
  if (lines.pop() !== '') throw new Error(`The output ends within a line: ${text.slice(-100)}`);
  return lines.map(numberOf).filter((n) => n !== null);
}

/** A copy of the prepared part behind the file that was interrupted. */
function halfAppend(path: string, folder: string, token: Json): void {
  const { base, part, length } = token as { readonly base: number | null; readonly part: string | null; readonly length: number };
  if (part === null || base === null) return;
  writeFileSync(path, readFileSync(join(folder, part)).subarray(0, Math.floor(length / 2)), { flag: 'a' });
}
