import { closeSync, readdirSync, readlinkSync } from 'node:fs';

const standardStreams = 3;

/**
 * Closes the pipes and sockets that this process inherited by accident: Electron lets its children inherit all of its own. Otherwise a
 * reader of the output of a program that ended, such as a terminal's pipe, would also wait for the end of this process. Call it first: what
 * this process opens itself is not the parent's. Only Linux says whose they are.
 */
export function closeInheritedPipes(): void {
  if (process.platform !== 'linux') return;
  const ofParent = new Set(pipesOf(process.ppid).values());
  for (const [fd, pipe] of pipesOf('self')) if (fd >= standardStreams && ofParent.has(pipe)) closeSync(fd);
}

/** By descriptor; empty if the process is gone. */
function pipesOf(process: number | 'self'): Map<number, string> {
  const found = new Map<number, string>();
  try {
    for (const name of readdirSync(`/proc/${process}/fd`)) {
      const target = linkOf(`/proc/${process}/fd/${name}`);
      if (target !== null && /^(pipe|socket):/.test(target)) found.set(Number(name), target);
    }
  } catch {
    // It has ended.
  }
  return found;
}

function linkOf(path: string): string | null {
  try {
    return readlinkSync(path);
  } catch {
    // The descriptor that read the folder is closed by now.
    return null;
  }
}
