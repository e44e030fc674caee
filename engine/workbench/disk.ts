import { createHash } from 'node:crypto';
import { mkdir, readFile, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import writeFileAtomic from 'write-file-atomic';
import type { ProblemCode } from '../../model/problems/codes/index.ts';
import { MillraceError } from '../../model/problems/problem.ts';

/** A pipeline is text that people write; anything larger is not a pipeline, and must not fill the memory. */
const largestFile = 50_000_000;

/** The text of a file and the stamp of its content. Throws a MillraceError that says what is wrong with the file. */
export async function readText(path: string): Promise<{ readonly text: string; readonly stamp: string }> {
  try {
    const found = await stat(path);
    // A pipe or a device may never end, or may wait forever.
    if (!found.isFile() && !found.isDirectory()) {
      throw new MillraceError({
        code: 'file/not-a-file',
        message: `${path} is a pipe or a device, not a pipeline.`,
        hint: 'Open a *.millrace.json file.',
      });
    }
    const { size } = found;
    if (size > largestFile) {
      throw new MillraceError({
        code: 'file/too-large',
        message: `${path} has ${size} bytes, which is too large for a pipeline.`,
        hint: 'Open a *.millrace.json file.',
      });
    }
    const text = utf8(await readFile(path), path);
    return { text, stamp: stampOf(text) };
  } catch (error) {
    throw diskError(error, path, 'read');
  }
}

/** Bytes that are not valid text are refused: read as question marks, they would be lost when the pipeline is saved. */
function utf8(bytes: Uint8Array, path: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    const encoding = (bytes[0] === 0xff && bytes[1] === 0xfe) || (bytes[0] === 0xfe && bytes[1] === 0xff) ? 'UTF-16' : 'not valid UTF-8';
    throw new MillraceError({
      code: 'file/not-text',
      message: `${path} is ${encoding}: a pipeline's file is text in UTF-8.`,
      hint: 'Restore it from a copy, or save it as UTF-8 in a text editor.',
    });
  }
}

/**
 * Replaces a file as a whole or not at all, and creates its folder. `mode`: its permissions; by default those of the existing file, or by
 * the umask for a new one.
 */
export async function writeText(path: string, text: string, options: { readonly mode?: number } = {}): Promise<void> {
  try {
    await mkdir(dirname(path), { recursive: true });
    await writeFileAtomic(path, text, options);
  } catch (error) {
    throw diskError(error, path, 'written');
  }
}

/** Equal for equal contents. */
export function stampOf(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 32);
}

/** An error of the operating system, as a problem that names the path. */
export function diskError(error: unknown, path: string, what: 'read' | 'written'): MillraceError {
  if (error instanceof MillraceError) return error;
  const { code = '', message } = error as NodeJS.ErrnoException;
  const known: { [code: string]: readonly [ProblemCode, string, string] } = {
    ENOENT: ['file/missing', `There is no ${path}.`, 'Check whether it was moved or renamed.'],
    ENOTDIR: ['file/missing', `There is no ${path}: a part of the path is a file.`, 'Choose another place.'],
    EISDIR: ['file/folder', `${path} is a folder.`, 'Name a file in it.'],
    EACCES: ['file/denied', `${path} may not be ${what}.`, 'Change its permissions, or choose another place.'],
    EPERM: ['file/denied', `${path} may not be ${what}.`, 'Change its permissions, or choose another place.'],
    EROFS: ['file/denied', `${path} may not be written: the disk is read-only.`, 'Choose another place.'],
    ENOSPC: ['file/disk-full', `${path} could not be written: the disk is full. The file is as it was.`, 'Make room, then try again.'],
    EDQUOT: ['file/disk-full', `${path} could not be written: your quota is used up. The file is as it was.`, 'Make room, then try again.'],
  };
  const [problemCode, text, hint] = known[code] ?? ['file/error', `${path} could not be ${what}: ${message}.`, 'Choose another place.'];
  return new MillraceError({ code: problemCode, message: text, hint }, { cause: error });
}
