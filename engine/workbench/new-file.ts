import { type FileHandle, mkdir, open } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { lastOf } from '../../model/faults/missing.ts';
import { MillraceError } from '../../model/problems/problem.ts';
import { diskError } from './disk.ts';

/** Creates a file in a folder under a name that is not taken: `sales.csv`, otherwise `sales-2.csv` and so on. */
export async function makeFile(folder: string, name: string): Promise<{ readonly path: string; readonly handle: FileHandle }> {
  const plain = plainName(name);
  const extension = /(\.[^.]+)?\.gz$/i.exec(plain)?.[0] ?? extname(plain);
  const stem = plain.slice(0, plain.length - extension.length);
  await mkdir(folder, { recursive: true });
  for (let number = 1; ; number++) {
    const path = join(folder, number === 1 ? plain : `${stem}-${number}${extension}`);
    try {
      return { path, handle: await open(path, 'wx') };
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw diskError(error, path, 'written');
    }
  }
}

/** A file's name without anything that could lead to another folder, or hide the file. */
function plainName(name: string): string {
  const plain = lastOf(name.split(/[\\/]/))
    // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what names must not have.
    .replace(/[\u0000-\u001f:*?"<>|]/g, '_')
    .replace(/^\.+|[. ]+$/g, '');
  if (plain === '') throw new MillraceError({ code: 'file/name', message: `"${name}" is not a valid file name.`, hint: 'Rename the file, then try again.' });
  return plain;
}
