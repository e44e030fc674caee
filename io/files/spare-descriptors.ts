import { closeSync, openSync } from 'node:fs';
import { devNull } from 'node:os';

/** How many more files this process may open now; not more than `wanted` are tried. All that it needs is at its limit where it may open none. */
export function spareDescriptors(wanted: number): number {
  const open: number[] = [];
  try {
    while (open.length < wanted) open.push(openSync(devNull, 'r'));
    return wanted;
  } catch (error) {
    return ['EMFILE', 'ENFILE'].includes((error as NodeJS.ErrnoException).code ?? '') ? open.length : wanted;
  } finally {
    for (const descriptor of open) closeSync(descriptor);
  }
}
