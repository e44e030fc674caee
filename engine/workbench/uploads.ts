import { randomUUID } from 'node:crypto';
import { type FileHandle, rename, rm } from 'node:fs/promises';
import { MillraceError } from '../../model/problems/problem.ts';
import { diskError } from './disk.ts';
import { makeFile } from './new-file.ts';

/** Larger files are better opened in place than copied. */
export const largestUpload = 2 * 1024 ** 3;

interface Upload {
  readonly path: string;
  readonly part: string;
  readonly handle: FileHandle;
  readonly size: number;
  written: number;
}

/** Files that arrive in parts. The file with the final name is empty until all has arrived, and is removed if that never happens. */
export class Uploads {
  readonly #open = new Map<string, Upload>();

  async begin(folder: string, name: string, size: number): Promise<{ readonly uploadId: string }> {
    if (size > largestUpload) {
      const hint = 'Choose it with "Choose data…" instead: it is then read in place.';
      throw new MillraceError({ code: 'upload/too-large', message: `"${name}" has more than 2 GB, the most that is copied.`, hint });
    }
    const target = await makeFile(folder, name);
    await target.handle.close();
    const part = await makeFile(folder, `${name}.part`);
    const uploadId = randomUUID();
    this.#open.set(uploadId, { path: target.path, part: part.path, handle: part.handle, size, written: 0 });
    return { uploadId };
  }

  async write(uploadId: string, base64: string): Promise<null> {
    const upload = this.#get(uploadId);
    const bytes = Buffer.from(base64, 'base64');
    if (upload.written + bytes.length > upload.size) {
      await this.cancel(uploadId);
      throw new MillraceError({
        code: 'upload/changed',
        message: 'The file grew while it was copied.',
        hint: 'Wait until nothing writes to it, then try again.',
      });
    }
    try {
      await upload.handle.writeFile(bytes);
      upload.written += bytes.length;
      return null;
    } catch (error) {
      await this.cancel(uploadId);
      throw diskError(error, upload.path, 'written');
    }
  }

  async end(uploadId: string): Promise<{ readonly path: string }> {
    const upload = this.#get(uploadId);
    if (upload.written !== upload.size) {
      await this.cancel(uploadId);
      const message = `Of ${upload.size} bytes ${upload.written} have arrived: the file is not complete.`;
      throw new MillraceError({ code: 'upload/incomplete', message, hint: 'Try again.' });
    }
    this.#open.delete(uploadId);
    try {
      await upload.handle.sync();
      await upload.handle.close();
      await rename(upload.part, upload.path);
      return { path: upload.path };
    } catch (error) {
      throw diskError(error, upload.path, 'written');
    }
  }

  async cancel(uploadId: string): Promise<null> {
    const upload = this.#open.get(uploadId);
    this.#open.delete(uploadId);
    if (!upload) return null;
    await upload.handle.close().catch(() => {});
    await rm(upload.part, { force: true });
    await rm(upload.path, { force: true });
    return null;
  }

  /** Removes what has not arrived completely. */
  async close(): Promise<void> {
    await Promise.all([...this.#open.keys()].map((id) => this.cancel(id)));
  }

  #get(uploadId: string): Upload {
    const upload = this.#open.get(uploadId);
    if (upload) return upload;
    throw new MillraceError({ code: 'upload/unknown', message: 'The engine was restarted while the file was copied.', hint: 'Drop the file again.' });
  }
}
