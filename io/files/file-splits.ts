/** Stretches of files that several readers read in parallel: where they may begin, and how many lines precede them. */
import { closeSync, openSync, readSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import type { SplitSize } from '@millrace/kit/node';
import { type ByteOptions, byteOrderMark, isPlainText } from './byte-reader.ts';
import { fileError, type InputFile } from './input-files.ts';

/** A place among files; `offset` as in `FilePosition`. */
export type FilePlace = { readonly file: string; readonly offset: number };
/** Null: from the beginning of the first file, or to the end of the last one. */
export type FileSplit = { readonly from: FilePlace | null; readonly to: FilePlace | null };

export interface SplitOptions extends SplitSize {
  readonly text: Pick<ByteOptions, 'encoding' | 'lineEnds'>;
  /**
   * Where the first row within `bytes` begins, which are from the middle of a file; -1 for none. Null: rows of the file cannot be separated
   * from the middle.
   */
  rowStart(file: InputFile): Promise<((bytes: Buffer) => number) | null>;
}

const lineFeed = 10;
const blockBytes = 1 << 20;
const searchedBytes = 256 * 1024;

/** The stretches of these files, of about the same number of bytes. */
export async function splitFiles(files: readonly InputFile[], options: SplitOptions): Promise<FileSplit[]> {
  const total = files.reduce((sum, { size }) => sum + size, 0);
  const count = Math.min(options.most, Math.floor(total / options.leastBytes));
  const places: FilePlace[] = [];
  for (let i = 1; i < count; i++) {
    const place = await placeNear(files, (total * i) / count, options);
    const last = places.at(-1);
    if (place && (place.file !== last?.file || place.offset > last.offset)) places.push(place);
  }
  return [null, ...places].map((from, i) => ({ from, to: places[i] ?? null }));
}

async function placeNear(files: readonly InputFile[], target: number, options: SplitOptions): Promise<FilePlace | null> {
  let before = 0;
  for (const [i, file] of files.entries()) {
    if (target < before + file.size) {
      const within = Math.floor(target - before);
      const place = file.size >= options.leastBytes ? await placeWithin(file, within, options) : null;
      if (place) return place;
      const next = within * 2 < file.size ? file : files[i + 1];
      return next && next !== files[0] ? { file: next.name, offset: 0 } : null;
    }
    before += file.size;
  }
  return null;
}

async function placeWithin(file: InputFile, near: number, { text, rowStart }: SplitOptions): Promise<FilePlace | null> {
  if (!(await isPlainText(file, text))) return null;
  const find = await rowStart(file);
  if (!find) return null;
  let handle: FileHandle;
  try {
    handle = await open(file.path, 'r');
  } catch (error) {
    throw fileError(error, file.name);
  }
  try {
    const head = Buffer.alloc(3);
    await handle.read(head, 0, head.length, 0);
    const bytes = Buffer.allocUnsafe(searchedBytes);
    const { bytesRead } = await handle.read(bytes, 0, bytes.length, near);
    const at = find(bytes.subarray(0, bytesRead));
    return at === -1 ? null : { file: file.name, offset: near + at - byteOrderMark(head).length };
  } catch (error) {
    throw fileError(error, file.name);
  } finally {
    await handle.close();
  }
}

/** After the first end of a line: for files whose rows are lines. */
export function lineStart(bytes: Buffer): number {
  const feed = bytes.indexOf(lineFeed);
  return feed === -1 || feed + 1 === bytes.length ? -1 : feed + 1;
}

/** How many lines end before this offset, as in `FilePosition`. */
export function countLines(file: InputFile, offset: number): number {
  let descriptor: number | undefined;
  try {
    descriptor = openSync(file.path, 'r');
    const block = Buffer.allocUnsafe(blockBytes);
    readSync(descriptor, block, 0, 3, 0);
    const end = offset + byteOrderMark(block.subarray(0, 3)).length;
    let lines = 0;
    for (let at = 0; at < end; ) {
      const count = readSync(descriptor, block, 0, Math.min(blockBytes, end - at), at);
      if (count === 0) break;
      for (let i = 0; i < count; i++) if (block[i] === lineFeed) lines++;
      at += count;
    }
    return lines;
  } catch (error) {
    throw fileError(error, file.name);
  } finally {
    if (descriptor !== undefined) closeSync(descriptor);
  }
}
