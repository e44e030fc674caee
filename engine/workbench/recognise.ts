import { open, stat } from 'node:fs/promises';
import { basename, isAbsolute, relative, sep } from 'node:path';
import { constants, gunzipSync } from 'node:zlib';
import type { Loaded } from '@millrace/kit/loaded';
import type { OpensFiles } from '@millrace/kit/node';
import { MillraceError } from '../../model/problems/problem.ts';
import { fileExtension } from '../document/file.ts';
import type { Catalogue } from '../plan/catalogue.ts';
import type { RecognisedFile } from '../protocol/messages.ts';
import { diskError } from './disk.ts';

const headBytes = 64 * 1024;

interface Reader {
  readonly type: string;
  readonly opens: OpensFiles;
  readonly code: Loaded | undefined;
}

/** Finds out what a file is by its beginning and, if several sources read such a beginning, by its extension. */
export async function recogniseFile(catalogue: Catalogue, path: string, folder: string): Promise<RecognisedFile> {
  const name = basename(path);
  const head = await headOf(path);
  if (name.endsWith(fileExtension) || isPipeline(head)) return { kind: 'pipeline', path };
  const readers = catalogue
    .all()
    .flatMap(({ type, ...definition }) => ('opens' in definition && definition.opens ? [{ type, opens: definition.opens, code: definition.code }] : []));
  if (head.length === 0) {
    throw new MillraceError({ code: 'open/empty', message: `${name} is empty.`, hint: 'Choose a file that holds rows.' });
  }
  const extension = /\.([^.]+?)(\.gz)?$/i.exec(name)?.[1]?.toLowerCase() ?? '';
  const able = readers.filter(({ opens }) => opens.recognises(head));
  const named = readers.filter(({ opens }) => opens.extensions.includes(extension));
  const found = able.find((reader) => named.includes(reader)) ?? able[0];
  if (found) return dataFile(found, path, folder);
  const kinds = [...new Set(readers.flatMap(({ opens }) => opens.extensions))].map((each) => `.${each}`).join(', ');
  throw new MillraceError({
    code: 'open/unknown',
    message: `${name} is neither a pipeline nor data that can be read here.`,
    hint: `These can be opened: ${fileExtension}, ${kinds}, also packed with gzip.`,
  });
}

async function dataFile({ type, opens, code }: Reader, path: string, folder: string): Promise<RecognisedFile> {
  await code?.load();
  const title = basename(path).replace(/(\.[^.]+)?\.gz$|\.[^.]+$/i, '') || basename(path);
  return { kind: 'data', type, params: opens.params(pathFrom(folder, path), path), title };
}

/** Relative if the file is in the folder or below it, so that both can be moved together. */
function pathFrom(folder: string, path: string): string {
  const inside = relative(folder, path);
  return inside === '' || inside === '..' || inside.startsWith(`..${sep}`) || isAbsolute(inside) ? path : inside.split(sep).join('/');
}

/** The first bytes, unpacked. */
async function headOf(path: string): Promise<Uint8Array> {
  try {
    const found = await stat(path);
    if (found.isDirectory()) {
      throw new MillraceError({
        code: 'open/folder',
        message: `${path} is a folder.`,
        hint: 'Choose a file in it; a source may then name several, as in data/*.csv.',
      });
    }
    const handle = await open(path, 'r');
    try {
      const buffer = Buffer.alloc(Math.min(headBytes, found.size));
      const { bytesRead } = await handle.read(buffer, 0, buffer.length, 0);
      const head = buffer.subarray(0, bytesRead);
      return head[0] === 0x1f && head[1] === 0x8b ? gunzipSync(head, { finishFlush: constants.Z_SYNC_FLUSH }).subarray(0, headBytes) : head;
    } finally {
      await handle.close();
    }
  } catch (error) {
    throw diskError(error, path, 'read');
  }
}

function isPipeline(head: Uint8Array): boolean {
  return /^\s*\{[\s\S]*?"format"\s*:\s*"millrace\/pipeline"/.test(new TextDecoder().decode(head));
}
