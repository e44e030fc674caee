/**
 * What a thread is at, in memory that its owner reads while the thread is stuck. Six 32-bit numbers: [0] is the owner's
 * own, [1] the index in the plan of the node at work plus one, [2] the number of the users' function that is running plus
 * one, [3] how many times that function was called, [4] how often the thread has looked at its timers,
 * [5] how many pieces of the engine's own work are under way.
 */
export type Monitor = Int32Array;

export function newMonitor(): Monitor {
  return new Int32Array(new SharedArrayBuffer(24));
}

export interface Activity {
  /** Index in the plan, or -1. */
  readonly node: number;
  /** Of the function that is running, or -1. */
  readonly code: number;
  readonly call: number;
  /** 0 until the thread counts them. */
  readonly turn: number;
  /** The engine itself is at work, and no users' code is. */
  readonly isEngine: boolean;
}

export function readMonitor(monitor: Monitor): Activity {
  return {
    node: Atomics.load(monitor, 1) - 1,
    code: Atomics.load(monitor, 2) - 1,
    call: Atomics.load(monitor, 3),
    turn: Atomics.load(monitor, 4),
    isEngine: Atomics.load(monitor, 5) > 0,
  };
}

/** Returns the index that was there before, to be put back. */
export function enterNode(monitor: Monitor, index: number): number {
  const before = (monitor[1] ?? 0) - 1;
  monitor[1] = index + 1;
  return before;
}

/** Users' code begins that is no call for a row: a snippet's module. */
export function enterCode(monitor: Monitor, code: number): void {
  monitor[2] = code + 1;
  monitor[3] = 0;
}

/** The thread is back at its timers. */
export function countTurn(monitor: Monitor): void {
  monitor[4] = ((monitor[4] ?? 0) + 1) | 0;
}

function count(monitor: Monitor, by: number): void {
  monitor[5] = (monitor[5] ?? 0) + by;
}

export function leaveCode(monitor: Monitor): void {
  monitor[2] = 0;
}

/** Runs what the engine does for itself, however long that takes: restoring, spilling, tidying up. It must call no users' code. */
export function asEngine<T>(monitor: Monitor | undefined, run: () => T): T {
  if (!monitor) return run();
  count(monitor, 1);
  try {
    return run();
  } finally {
    count(monitor, -1);
  }
}

/**
 * The same for what takes several turns: checkpoints, commits. What users' code has left to be done by promises gets its turn
 * before, while it is still watched.
 */
export async function asEngineThroughout<T>(monitor: Monitor | undefined, run: () => T | Promise<T>): Promise<T> {
  await new Promise((resolve) => setImmediate(resolve));
  if (!monitor) return run();
  count(monitor, 1);
  try {
    return await run();
  } finally {
    count(monitor, -1);
  }
}

/**
 * A function of users' code that tells the monitor of its calls. The mark stays when it returns, as what it returned may
 * hold code as well (a getter, a proxy): the next call moves it, and who calls for a batch calls `leaveCode` at its end. Each gets a source of its own, as the compiler shares what it has learnt about a call
 * among all functions of one source: with several functions behind one call, none would be inlined.
 */
export function watched<T>(run: (row: T) => unknown, monitor: Monitor, code: number): (row: T) => unknown {
  return tellingCalls('row', run, monitor, code);
}

/** The same for a function over a row (or a timer), a state and a context. */
export function watchedKeyed<F extends (...args: never[]) => unknown>(run: F, monitor: Monitor, code: number): F {
  return tellingCalls('row, state, context', run, monitor, code);
}

function tellingCalls<F>(params: string, run: F, monitor: Monitor, code: number): F {
  const source = `let calls = 0;
return (${params}) => {
  monitor[2] = ${code + 1};
  monitor[3] = calls = (calls + 1) | 0;
  return run(${params});
};`;
  return new Function('run', 'monitor', source)(run, monitor);
}
