import { closeSync, openSync } from 'node:fs';
import { devNull } from 'node:os';

/**
 * How many more files this process may open now; at most `wanted` are tried. If it may open none, everything that it needs has reached its
 * limit.
 */
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
