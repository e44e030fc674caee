/** The engine's processes, as the system lists them. Linux only, as the tests that end them. */
import { readdirSync, readFileSync } from 'node:fs';

/** Process ids of the engine's processes of a role that a host has started. */
export function engineProcesses(host: number, role: 'workbench' | 'run'): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => {
      try {
        const parent = Number(/^PPid:\s*(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]);
        const words = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
        return parent === host && words[words.findIndex((word) => word.endsWith('engine.cjs')) + 1] === role;
      } catch {
        return false;
      }
    });
}

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    // What has ended and was not yet asked for is no more.
    return !/^State:\s*Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}
