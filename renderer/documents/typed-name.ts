import { itemAt, lastOf } from '../../model/faults/missing.ts';
import { baseName, isAbsolute, join } from './folders.ts';

/**
 * The paths that a name typed into a file dialog may stand for, in the order in which to check them: as written, and for a new file with
 * the missing extension added (a whole path with another extension is taken as it is). Empty if they are not known, since no folder is
 * shown yet.
 */
export function pathsOf(typed: string, folder: string | null, mode: 'open' | 'save', extensions: readonly string[]): readonly string[] {
  const path = isAbsolute(typed) ? typed : folder === null ? null : join(folder, typed);
  if (path === null) return [];
  const [extension] = extensions;
  const isComplete = extensions.some((each) => path.endsWith(`.${each}`)) || (isAbsolute(typed) && baseName(path).includes('.'));
  return mode === 'open' || extension === undefined || isComplete || /[\\/]$/.test(path) ? [path] : [path, `${path}.${extension}`];
}

export type Place = { readonly path: string; readonly is: 'file' | 'folder' | 'nothing' };
export type Answer = { readonly enter: string } | { readonly ask: string } | { readonly take: string };

/** What a file dialog does with what exists at those paths: it enters a folder, asks before a file is replaced, accepts anything else. */
export function answerTo(places: readonly Place[], mode: 'open' | 'save', confirmed: string | null): Answer {
  const [first, last] = [itemAt(places, 0), lastOf(places)];
  if (first.is === 'folder') return { enter: first.path };
  if (last.is === 'folder') return { enter: last.path };
  return mode === 'save' && last.is === 'file' && confirmed !== last.path ? { ask: last.path } : { take: last.path };
}
