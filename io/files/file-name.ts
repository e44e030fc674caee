/** Names of files that may not be UTF-8: Linux allows any bytes but "/" and NUL. */
import { isUtf8 } from 'node:buffer';
import { type Dirent, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { itemAt } from '../../model/faults/missing.ts';

/** A path as text, or as bytes if these are not UTF-8. */
export type FilePath = string | Buffer;

export interface Entry {
  readonly path: FilePath;
  /** As text; bytes that are not UTF-8 are written as \xff. */
  readonly name: string;
  readonly isDirectory: boolean;
  readonly isLink: boolean;
}

/** What a folder contains. Throws as `readdir` does. */
export function entriesOf(folder: FilePath): Entry[] {
  const entries = readdirSync(folder, { withFileTypes: true });
  if (typeof folder !== 'string' || entries.some(({ name }) => name.includes('\ufffd'))) return entriesInBytes(folder);
  return entries.map((entry) => ({ path: join(folder, entry.name), name: entry.name, ...kindOf(entry) }));
}

function entriesInBytes(folder: FilePath): Entry[] {
  return readdirSync(folder, { withFileTypes: true, encoding: 'buffer' }).map((entry) => {
    const path = Buffer.concat([Buffer.from(folder as string), Buffer.from('/'), entry.name]);
    return { path: isUtf8(path) ? path.toString() : path, name: nameOf(entry.name), ...kindOf(entry) };
  });
}

function kindOf(entry: Dirent<string> | Dirent<NonSharedBuffer>) {
  return { isDirectory: entry.isDirectory(), isLink: entry.isSymbolicLink() };
}

function nameOf(bytes: Buffer): string {
  if (isUtf8(bytes)) return bytes.toString();
  let name = '';
  for (let at = 0; at < bytes.length; ) {
    const length = [1, 2, 3, 4].find((count) => at + count <= bytes.length && isUtf8(bytes.subarray(at, at + count)));
    name += length ? bytes.toString('utf8', at, at + length) : `\\x${itemAt(bytes, at).toString(16).padStart(2, '0')}`;
    at += length ?? 1;
  }
  return name;
}
