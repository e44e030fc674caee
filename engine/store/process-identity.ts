import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/** A query to the system about a process is answered within this time, or not at all. */
const answersWithinMs = 5000;
/** The start that this process computes for itself on Windows differs by less from the system's. */
const toleranceMs = 5000;
const ownStart = String(Math.round(Date.now() - process.uptime() * 1000));

/** The system's queries; tests replace them with another platform's. */
export interface System {
  readonly platform: NodeJS.Platform;
  /** The output of a program. Throws if it fails. */
  ask(program: string, args: readonly string[]): string;
}
const thisSystem: System = {
  platform: process.platform,
  ask: (program, args) => execFileSync(program, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'], timeout: answersWithinMs, windowsHide: true }),
};

/**
 * When a process was started, as a text that is only compared: a process id is reused, both together are not. Null if there is no such
 * process (a zombie is none), or the system does not say.
 */
export function startOf(pid: number, system: System = thisSystem): string | null {
  try {
    if (system.platform === 'linux') {
      const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
      // The name of the program, in parentheses, may contain anything; the 22nd field is the 20th after it.
      const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
      return fields[0] === 'Z' || fields[0] === 'X' ? null : (fields[19] ?? null);
    }
    if (system.platform === 'win32') {
      // Starting PowerShell takes a large part of a second: avoided if the start is already known.
      if (pid === process.pid) return ownStart;
      const script = `([DateTimeOffset](Get-Process -Id ${pid}).StartTime).ToUnixTimeMilliseconds()`;
      return system.ask('powershell.exe', ['-NoProfile', '-NonInteractive', '-Command', script]).trim() || null;
    }
    const [state = '', ...start] = system
      .ask('ps', ['-o', 'stat=,lstart=', '-p', String(pid)])
      .trim()
      .split(/\s+/);
    return state.startsWith('Z') ? null : start.join(' ') || null;
  } catch {
    return null;
  }
}

/** Whether that very process still exists. `start` is null if it was not known: then the number alone decides. */
export function isSameProcess(pid: number, start: string | null, system: System = thisSystem): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    // A process of another user exists as well.
    if ((error as NodeJS.ErrnoException).code !== 'EPERM') return false;
  }
  const now = startOf(pid, system);
  // A zombie has no start. If the system does not answer, a process that may exist counts as existing.
  if (now === null) return !isZombie(pid, system) && (system.platform !== 'linux' || start === null);
  if (start === null) return true;
  return system.platform === 'win32' ? Math.abs(Number(now) - Number(start)) <= toleranceMs : now === start;
}

/** Whether a process was stopped (Ctrl+Z, SIGSTOP): it responds to nothing until it is continued. */
export function isSuspended(pid: number, system: System = thisSystem): boolean {
  try {
    if (system.platform === 'linux') return /\) [Tt] /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
    return (
      system.platform !== 'win32' &&
      system
        .ask('ps', ['-o', 'stat=', '-p', String(pid)])
        .trim()
        .startsWith('T')
    );
  } catch {
    return false;
  }
}

/** Ended, and still listed: for a long time in a container whose first process does not wait for its children. */
export function isZombie(pid: number, system: System = thisSystem): boolean {
  try {
    if (system.platform === 'linux') return /\) [ZX] /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
    return (
      system.platform !== 'win32' &&
      system
        .ask('ps', ['-o', 'stat=', '-p', String(pid)])
        .trim()
        .startsWith('Z')
    );
  } catch {
    return false;
  }
}

/**
 * Whether a process exists that was started before a moment (milliseconds since the epoch), so that it may be the one that wrote something
 * then.
 */
export function mayHaveWritten(pid: number, at: number, system: System = thisSystem): boolean {
  if (!isSameProcess(pid, null, system)) return false;
  if (system.platform === 'linux') return true;
  const start = startOf(pid, system);
  const startedAt = start === null ? Number.NaN : system.platform === 'win32' ? Number(start) : Date.parse(start);
  return !(startedAt > at + toleranceMs);
}
