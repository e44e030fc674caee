import { readdir, stat } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { MillraceError } from '../../model/problems/problem.ts';
import type { Catalogue } from '../plan/catalogue.ts';
import type { FolderListing } from '../protocol/messages.ts';
import { diskError } from './disk.ts';
import type { Documents } from './documents.ts';
import type { Answers } from './handlers.ts';
import { recogniseFile } from './recognise.ts';
import type { Uploads } from './uploads.ts';

type FileRequests = 'files.list' | 'files.locate' | 'files.recognise' | 'upload.begin' | 'upload.write' | 'upload.end' | 'upload.cancel';

/** Folders, for hosts without a file dialog; what people open, drop and paste. */
export function fileHandlers(documents: Documents, catalogue: Catalogue, uploads: Uploads): Answers<FileRequests> {
  return {
    'files.list': ({ path }) => listFolder(path === '' ? homedir() : resolve(homedir(), path)),
    'files.locate': ({ path }) => locate(resolve(homedir(), path)),
    'files.recognise': ({ documentId, path }) => recogniseFile(catalogue, resolve(homedir(), path), documents.get(documentId).folder),
    'upload.begin': ({ documentId, name, size }) => uploads.begin(documents.trusted(documentId).folder, name, size),
    'upload.write': ({ uploadId, base64 }) => uploads.write(uploadId, base64),
    'upload.end': ({ uploadId }) => uploads.end(uploadId),
    'upload.cancel': ({ uploadId }) => uploads.cancel(uploadId),
  };
}

/** A broken link counts as nothing: writing through it replaces no file. */
async function locate(path: string): Promise<{ readonly path: string; readonly is: 'file' | 'folder' | 'nothing' }> {
  try {
    return { path, is: (await stat(path)).isDirectory() ? 'folder' : 'file' };
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return { path, is: 'nothing' };
    throw diskError(error, path, 'read');
  }
}

/** Folders first, then files, by name, without hidden ones and those that cannot be looked at. */
async function listFolder(path: string): Promise<FolderListing> {
  const found = await stat(path).catch((error) => {
    throw diskError(error, path, 'read');
  });
  if (!found.isDirectory()) throw new MillraceError({ code: 'file/not-a-folder', message: `${path} is not a folder.`, hint: 'Choose a folder.' });
  const names = await readdir(path).catch((error) => {
    throw diskError(error, path, 'read');
  });
  const entries = await Promise.all(
    names
      .filter((name) => !name.startsWith('.'))
      .map(async (name) => {
        const entry = await stat(join(path, name)).catch(() => null);
        return entry && { name, folder: entry.isDirectory(), size: entry.size, modifiedAt: Math.floor(entry.mtimeMs) };
      }),
  );
  const parent = dirname(path);
  return {
    path,
    parent: parent === path ? null : parent,
    entries: entries.filter((entry) => entry !== null).sort((a, b) => Number(b.folder) - Number(a.folder) || a.name.localeCompare(b.name)),
  };
}
