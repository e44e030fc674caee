import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface Measurement {
  readonly seconds: number;
  /** The highest resident memory of the largest process, and of all of them together; null where /proc is missing. */
  readonly largestMb: number | null;
  readonly allMb: number | null;
  /** Of all processes together: on a busy machine it says more than the time. */
  readonly cpuSeconds: number | null;
}

const sampleEveryMs = 50;

/** Runs a program to its end, Node unless it is another one. Throws with what it said if it fails. */
export async function measure(args: readonly string[], command = process.execPath): Promise<Measurement> {
  const data = mkdtempSync(join(tmpdir(), 'millrace-bench-data-'));
  const start = performance.now();
  const before = cpuOfEnded();
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, MILLRACE_DATA: data } });
  let said = '';
  child.stdout.on('data', (data) => {
    said += data;
  });
  child.stderr.on('data', (data) => {
    said += data;
  });
  // The kernel keeps each process's peak and sum: a sample misses only what came within the last interval of its life.
  const peaks = new Map<number, number>();
  const busy = new Map<number, number>();
  const sample = () => {
    for (const pid of tree(child.pid!)) {
      const peak = peakKb(pid);
      const seconds = cpuSeconds(pid);
      if (peak !== null) peaks.set(pid, peak);
      if (seconds !== null) busy.set(pid, seconds);
    }
  };
  const sampling = setInterval(sample, sampleEveryMs);
  const code = await new Promise<number | null>((done, failed) => {
    child.on('error', failed);
    child.on('close', done);
  });
  const seconds = (performance.now() - start) / 1000;
  const ended = cpuOfEnded() - before;
  clearInterval(sampling);
  rmSync(data, { recursive: true, force: true });
  if (code !== 0) throw new Error(`${command} ${args.join(' ')} ended with code ${code}:\n${said.slice(-4000)}`);
  const sizes = [...peaks.values()].map((kb) => kb / 1024);
  if (sizes.length === 0) return { seconds, largestMb: null, allMb: null, cpuSeconds: null };
  return { seconds, largestMb: Math.max(...sizes), allMb: sum(sizes), cpuSeconds: Math.max(ended, sum([...busy.values()])) };
}

/** A process and all below it. */
export function tree(root: number): number[] {
  const pids = [root];
  for (let i = 0; i < pids.length; i++) {
    try {
      for (const task of readdirSync(`/proc/${pids[i]}/task`)) {
        const children = readFileSync(`/proc/${pids[i]}/task/${task}/children`, 'utf8').trim();
        if (children) pids.push(...children.split(' ').map(Number));
      }
    } catch {
      // Ended meanwhile, or no Linux.
    }
  }
  return pids;
}

function peakKb(pid: number): number | null {
  try {
    const match = /^VmHWM:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
    return match ? Number(match[1]) : null;
  } catch {
    return null;
  }
}

/** User and system time of all threads; Linux counts them in hundredths of a second. */
function cpuSeconds(pid: number): number | null {
  const ticks = ticksOf(pid);
  return ticks && (ticks.user + ticks.system) / 100;
}

/** The same of all processes that this one started and that have ended, with those that they waited for: nothing of their last moments is missed. */
function cpuOfEnded(): number {
  const ticks = ticksOf('self');
  return ticks ? (ticks.endedUser + ticks.endedSystem) / 100 : 0;
}

function ticksOf(pid: number | 'self') {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
      .replace(/^.*\) /s, '')
      .split(' ');
    const [user, system, endedUser, endedSystem] = fields.slice(11, 15).map(Number) as [number, number, number, number];
    return { user, system, endedUser, endedSystem };
  } catch {
    return null;
  }
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
