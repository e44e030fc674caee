/** How much memory a run, and the state in it, may take. */
import { totalmem } from 'node:os';
import { memorySize } from '../schema/memory-size.ts';
import { MillraceError } from '../schema/problem.ts';

const mebibyte = 1024 * 1024;
/** What the process needs besides what is limited: its own code, buffers of files, caches of databases. */
const overheadMb = 512;
/** The state's share of the machine's memory, and bounds of it: more than a few hundred MB seldom makes a run faster. */
const stateShare = 1 / 16;
const leastState = 64 * mebibyte;
const mostState = 256 * mebibyte;
/** The state's share at most of what the run may take: rows under way, and what V8 has not collected yet, come on top of it. */
const stateShareOfRun = 1 / 2;

/** What operators hold in plain memory is part of each checkpoint's file as a whole, while keyed state costs what has changed. */
const mostInCheckpoints = 32 * mebibyte;

/** The memory that this process can have, in bytes: the machine's, or that of its container (cgroup). */
export function machineMemory(): number {
  const constrained = process.constrainedMemory();
  return constrained > 0 ? Math.min(constrained, totalmem()) : totalmem();
}

/** How much the rows and the users' code of a run may take, in MB. A limit that Node was started with holds for threads, too. */
export function memoryLimit(): number {
  const own = Number(process.env['MILLRACE_RUN_MEMORY_MB']) || Math.min(4096, Math.floor(machineMemory() / mebibyte / 2));
  const flags = [process.env['NODE_OPTIONS'] ?? '', ...process.execArgv].join(' ');
  const nodes = Number(/--max[-_]old[-_]space[-_]size[= ](\d+)/.exec(flags)?.[1]) || own;
  return Math.min(own, nodes);
}

/** Whether the process holds so much that it is over the limit, whatever it consists of: V8 limits objects, but not buffers. */
export function isOverMemory(): boolean {
  return process.memoryUsage.rss() > (memoryLimit() + overheadMb) * mebibyte;
}

/**
 * How many bytes the state of a run may take in memory. `asked` is a `memorySize`; without it MILLRACE_STATE_MEMORY_MB counts, and
 * without that a sixteenth of the machine's memory, but at least 64 and at most 256 MB.
 * Throws `run/state-memory` for what is no amount, or more than half of what a run may take.
 */
export function stateBudget(asked?: string, { machine = machineMemory(), run = memoryLimit() * mebibyte } = {}): number {
  const variable = process.env['MILLRACE_STATE_MEMORY_MB'] || undefined;
  const wanted = asked ?? variable;
  const most = Math.floor(run * stateShareOfRun);
  if (wanted === undefined) return Math.min(most, mostState, Math.max(leastState, Math.floor(machine * stateShare)));
  const name = asked === undefined ? 'MILLRACE_STATE_MEMORY_MB' : 'The memory for state';
  const size = memorySize(wanted);
  if (size === null) {
    throw new MillraceError({
      code: 'run/state-memory',
      message: `${name} is set to "${wanted}", which is no amount of memory.`,
      hint: asked === undefined ? 'Set it to a number of megabytes, such as 512.' : 'Give an amount such as 512MB, 2GB or 25%.',
    });
  }
  const bytes = 'bytes' in size ? size.bytes : size.share * machine;
  if (bytes <= most) return bytes;
  const mb = (amount: number) => `${Math.floor(amount / mebibyte)} MB`;
  throw new MillraceError({
    code: 'run/state-memory',
    message: `${name} is set to ${mb(bytes)}, but a run may take ${mb(run)} in all, and its state at most half of that.`,
    hint: `Set it to at most ${mb(most)}, or MILLRACE_RUN_MEMORY_MB to at least ${Math.ceil(bytes / stateShareOfRun / mebibyte)}.`,
  });
}

/** Bytes that all operators together may hold outside of keyed state: half of what that may, which is `limit`. */
export function memoryOfOperators(limit: number, commits: 'end' | 'checkpoint'): number {
  return commits === 'checkpoint' ? Math.min(limit / 2, mostInCheckpoints) : limit / 2;
}
