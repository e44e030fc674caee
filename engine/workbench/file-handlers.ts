import { readdir, stat } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import type { FolderListing } from '../protocol/messages.ts';
import { MillraceError } from '../schema/problem.ts';
import { diskError } from './disk.ts';
import type { Answers } from './handlers.ts';

/** Folders, for hosts without a file dialog. */
export function fileHandlers(): Answers<'files.list'> {
  return { 'files.list': ({ path }) => listFolder(path === '' ? homedir() : resolve(homedir(), path)) };
}

/** Folders first, then files, by name; without hidden ones and without what may not be looked at. */
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
