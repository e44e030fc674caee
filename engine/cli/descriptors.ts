import { spareDescriptors } from '../../io/files/spare-descriptors.ts';
import type { Problem } from '../../model/problems/problem.ts';

/** What a process of a run needs besides what it has open at its start: threads, channels, databases, a few files. */
const needed = 48;

/** Null where this process, and so those that it forks, may open enough. With fewer, threads and channels fail without a word. */
export function tooFewDescriptors(): Problem | null {
  const spare = spareDescriptors(needed);
  if (spare === needed) return null;
  const message = `Only ${spare} more files may be open at once here, and a run needs ${needed}.`;
  return { code: 'run/descriptors', severity: 'error', message, hint: 'Raise the limit, such as with "ulimit -n 1024", and start it again.' };
}
