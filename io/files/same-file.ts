import { type BigIntStats, statSync } from 'node:fs';

/** Whether two paths lead to one file, by whatever links, including hard links. False if either does not exist. */
export function isSameFile(a: string, b: string): boolean {
  const [first, second] = [look(a), look(b)];
  return first !== undefined && second !== undefined && first.ino === second.ino && first.dev === second.dev;
}

/** Whether a file has hard links: other names for it, none of which is the main one. */
export function hasOtherNames(path: string): boolean {
  const found = look(path);
  return found?.isFile() === true && found.nlink > 1n;
}

function look(path: string): BigIntStats | undefined {
  try {
    return statSync(path, { bigint: true, throwIfNoEntry: false });
  } catch {
    return undefined;
  }
}
