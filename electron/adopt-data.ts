import { existsSync, renameSync } from 'node:fs';
import { join } from 'node:path';

const names = ['millrace.sqlite', 'millrace.sqlite-wal', 'millrace.sqlite-shm', 'autosave', 'unsaved'];

/**
 * Moves, once, what the desktop app kept beside its browser profile to the folder that all of Millrace shares. Existing files there stay as
 * they are.
 */
export function adoptData(from: string, to: string): void {
  if (from === to || existsSync(join(to, 'millrace.sqlite'))) return;
  for (const name of names) {
    try {
      if (existsSync(join(from, name)) && !existsSync(join(to, name))) renameSync(join(from, name), join(to, name));
    } catch {
      // On another disk, or in use: it is left, and the shared folder starts empty.
    }
  }
}
