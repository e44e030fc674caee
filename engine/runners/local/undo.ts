import { rmSync, truncateSync } from 'node:fs';
import type { Undo } from '@millrace/kit/node';

/** Does what nodes whose thread is gone can no longer do themselves. Gives back what could not be undone. */
export function undoAll(undos: readonly Undo[]): readonly string[] {
  const failed: string[] = [];
  for (const undo of undos) {
    try {
      if ('remove' in undo) rmSync(undo.remove, { force: true });
      else truncateSync(undo.truncate, undo.size);
    } catch (error) {
      failed.push((error as Error).message);
    }
  }
  return failed;
}
