/** Harnesses of sinks that write a line of text for each row, to a file in one of three folders. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { SinkHarness } from '@millrace/kit/testing/sink-trial';
import type { Json } from '../../model/values/types.ts';
import { type LineFormat, numbersIn } from './written-lines.ts';

const count = 3;
const names = Array.from({ length: count }, (_, i) => `part=${i}`);
/** Where the row -1 is. */
const first = names[0]!;

export const folderParams = { folders: [{ column: 'part', by: 'value', name: null }] };

export function writtenFolders(
  format: LineFormat,
  { exists = false, ...settings }: Pick<SinkHarness, 'params' | 'earlier'> & { readonly exists?: boolean },
): SinkHarness {
  const fileIn = (folder: string, name: string) => join(folder, name, format.file);
  return {
    ...settings,
    schema: {
      columns: [
        { name: 'n', type: 'integer', nullable: false },
        { name: 'text', type: 'string', nullable: true },
        { name: 'part', type: 'integer', nullable: false },
      ],
    },
    row: (n, text) => ({ n, text, part: n % count }),
    files: names,
    shown(folder) {
      const files = names.map((name) => fileIn(folder, name)).filter((file) => existsSync(file));
      // Each file has its rows in their order, and no others.
      const numbers = files.map((file) => numbersIn(readFileSync(file, 'utf8'), format));
      for (const list of numbers) if (list.some((n, i) => i > 0 && n <= list[i - 1]!)) throw new Error(`Out of order: ${list}`);
      return numbers.flat().sort((a, b) => a - b);
    },
    half: (folder, token) => halfCommit(folder, token),
    ...(exists && {
      before(folder: string) {
        mkdirSync(join(folder, first));
        writeFileSync(fileIn(folder, first), format.before);
      },
    }),
  };

  /** One of the files is committed in part, the others not at all. */
  function halfCommit(folder: string, token: Json): void {
    type Files = { readonly files: { readonly [name: string]: { readonly base: number | null; readonly part: string | null; readonly length: number } } };
    for (const [name, { base, part, length }] of Object.entries((token as Files).files)) {
      if (part === null || base === null) continue;
      writeFileSync(fileIn(folder, name), readFileSync(join(folder, name, part)).subarray(0, Math.floor(length / 2)), { flag: 'a' });
      return;
    }
  }
}
