/** When a thread's heap is collected: sooner than V8 would by itself. */
import { getHeapStatistics, setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { asEngine, type Monitor } from './monitor.ts';

const mebibyte = 1024 * 1024;
const lookEveryMs = 100;
/** The heap may grow by this share of what lived after the last collection, but at least by so many bytes, before it is collected. */
const growth = 0.5;
const leastGrowth = 96 * mebibyte;

/**
 * Collects the heap of this thread whenever it has grown by half. V8 lets a heap with a high limit grow to four times of what lives before
 * it collects: with a few hundred megabytes of state, a run would take more than a gigabyte. To be called once, at the thread's start.
 */
export function paceHeap(monitor?: Monitor): void {
  const collect = collector();
  if (collect === null) return;
  let lived = getHeapStatistics().used_heap_size;
  const look = (): void => {
    const used = getHeapStatistics().used_heap_size;
    // V8 has collected it by itself.
    if (used < lived) lived = used;
    if (used - lived < Math.max(leastGrowth, lived * growth)) return;
    asEngine(monitor, collect);
    lived = getHeapStatistics().used_heap_size;
  };
  setInterval(look, lookEveryMs).unref();
}

/** V8 gives a context that is made while this flag is set a function that collects all garbage. Null where it does not. */
function collector(): (() => void) | null {
  setFlagsFromString('--expose-gc');
  const collect: unknown = runInNewContext('globalThis.gc');
  setFlagsFromString('--no-expose-gc');
  return typeof collect === 'function' ? () => void collect() : null;
}
