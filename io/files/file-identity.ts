/** Whether a file is still the one that was read before. */
import { open } from 'node:fs/promises';
import { MillraceError } from '../../model/problems/problem.ts';
import { fileError, type InputFile } from './input-files.ts';
import { headBytes, type Print, printOf } from './tail-position.ts';

/** The first bytes of a file as they are on the disk, and its size when they were looked at. */
export type FileIdentity = {
  readonly head: Print;
  readonly size: number;
};

export function identityOf(file: InputFile): Promise<FileIdentity> {
  return look(file, headBytes);
}

/** Throws if another file has the name by now, or part of it is gone. What was appended to it is read like any other part. */
export async function expectSame(file: InputFile, before: FileIdentity): Promise<void> {
  const { head, size } = await look(file, before.head.bytes);
  if (size >= before.size && head.sha1 === before.head.sha1) return;
  throw new MillraceError({
    code: 'file/changed',
    message: `Reading should continue in ${file.name}, but ${size < before.size ? 'it is shorter than it was' : 'it does not begin as it did'}.`,
    hint: 'Put the file back as it was, or run the pipeline from the beginning.',
  });
}

async function look(file: InputFile, bytes: number): Promise<FileIdentity> {
  try {
    const handle = await open(file.path, 'r');
    try {
      const { bytesRead, buffer } = await handle.read(Buffer.alloc(bytes), 0, bytes, 0);
      return { head: printOf(buffer.subarray(0, bytesRead)), size: (await handle.stat()).size };
    } finally {
      await handle.close();
    }
  } catch (error) {
    throw fileError(error, file.name);
  }
}
