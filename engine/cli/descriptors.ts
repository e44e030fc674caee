import { closeSync, openSync } from 'node:fs';
import { devNull } from 'node:os';
import type { Problem } from '../../model/problems/problem.ts';

/** What a process of a run needs besides what it has open at its start: threads, channels, databases, a few files. */
const needed = 48;

/** Null where this process, and so those that it forks, may open enough. With fewer, threads and channels fail without a word. */
export function tooFewDescriptors(): Problem | null {
  const open: number[] = [];
  try {
    while (open.length < needed) open.push(openSync(devNull, 'r'));
    return null;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EMFILE' && (error as NodeJS.ErrnoException).code !== 'ENFILE') return null;
    const message = `Only ${open.length} more files may be open at once here, and a run needs ${needed}.`;
    return { code: 'run/descriptors', severity: 'error', message, hint: 'Raise the limit, such as with "ulimit -n 1024", and start it again.' };
  } finally {
    for (const descriptor of open) closeSync(descriptor);
  }
}
