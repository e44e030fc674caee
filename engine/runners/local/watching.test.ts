import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test, vi } from 'vitest';
import { NodeCounters } from './counters.ts';
import { DataThread } from './data-thread-handle.ts';
import { asEngine, asEngineThroughout, countTurn, enterCode, enterNode, leaveCode, newMonitor, readMonitor, watched } from './monitor.ts';
import { Rates } from './rates.ts';
import { Watchdog } from './watchdog.ts';

afterEach(() => {
  vi.useRealTimers();
});
/** A watchdog whose time passes by `wait` alone. */
function watchdogOf(...args: ConstructorParameters<typeof Watchdog>): Watchdog {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'performance'] });
  return new Watchdog(...args);
}
const wait = (ms: number) => vi.advanceTimersByTimeAsync(ms);

test('the watchdog barks at one call that goes on, once, and says which', async () => {
  const monitor = newMonitor();
  const onEndless = vi.fn();
  const watchdog = watchdogOf(monitor, 80, { onEndless, onOverMemory: () => {} });
  watched(() => {}, monitor, 3)({});
  leaveCode(monitor);
  await wait(150);
  expect(onEndless).not.toHaveBeenCalled();
  enterCode(monitor, 7);
  await wait(200);
  expect(onEndless).toHaveBeenCalledExactlyOnceWith(expect.objectContaining({ code: 7, call: 0 }));
  watchdog.stop();
});

test('the watchdog lets many short calls pass', async () => {
  const monitor = newMonitor();
  const onEndless = vi.fn();
  const watchdog = watchdogOf(monitor, 80, { onEndless, onOverMemory: () => {} });
  for (let call = 1; call < 30; call++) {
    // As seen from outside: always within the code, but each time within another call.
    monitor[2] = 1;
    monitor[3] = call;
    await wait(10);
  }
  expect(onEndless).not.toHaveBeenCalled();
  watchdog.stop();
});

test('the watchdog barks at a thread that never gets back to its timers while no node is at work', async () => {
  const monitor = newMonitor();
  const onEndless = vi.fn();
  const watchdog = watchdogOf(monitor, 80, { onEndless, onOverMemory: () => {} });
  await wait(150);
  expect(onEndless, 'the thread has not begun').not.toHaveBeenCalled();
  countTurn(monitor);
  const before = enterNode(monitor, 2);
  await wait(150);
  expect(onEndless, 'a node is at work').not.toHaveBeenCalled();
  enterNode(monitor, before);
  await wait(200);
  expect(onEndless).toHaveBeenCalledExactlyOnceWith(expect.objectContaining({ code: -1 }));
  watchdog.stop();
});

test('the watchdog takes a thread that is busy for long for one that reads, where a run has no code', async () => {
  const monitor = newMonitor();
  const onEndless = vi.fn();
  let hasCode = false;
  const watchdog = watchdogOf(monitor, 80, { onEndless, onOverMemory: () => {}, hasCode: () => hasCode });
  countTurn(monitor);
  await wait(1000);
  expect(onEndless).not.toHaveBeenCalled();
  hasCode = true;
  await wait(200);
  expect(onEndless).toHaveBeenCalledOnce();
  watchdog.stop();
});

test('the watchdog lets the engine itself take its time, also within users’ code', async () => {
  const monitor = newMonitor();
  const onEndless = vi.fn();
  const watchdog = watchdogOf(monitor, 80, { onEndless, onOverMemory: () => {} });
  countTurn(monitor);
  await asEngineThroughout(monitor, () => wait(200));
  countTurn(monitor);
  enterCode(monitor, 7);
  await asEngineThroughout(monitor, () => wait(200));
  expect(onEndless).not.toHaveBeenCalled();
  await vi.waitFor(() => expect(onEndless).toHaveBeenCalledOnce(), 120_000);
  watchdog.stop();
});

test('users’ promises get their turn before the engine’s own work begins', async () => {
  const monitor = newMonitor();
  const seen: boolean[] = [];
  void (async () => {
    for (let i = 0; i < 50; i++) {
      await null;
      seen.push(readMonitor(monitor).isEngine);
    }
  })();
  await asEngineThroughout(monitor, () => seen.push(readMonitor(monitor).isEngine));
  expect(seen).toEqual([...Array(50).fill(false), true]);
  expect(() => asEngine(monitor, () => JSON.parse('{'))).toThrow(SyntaxError);
  expect(readMonitor(monitor).isEngine).toBe(false);
});

test('a thread that ended before anybody listened is told of', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-thread-'));
  const file = join(folder, 'broken.cjs');
  writeFileSync(file, "throw new Error('not loaded');");
  const thread = new DataThread(file);
  await new Promise((resolve) => setTimeout(resolve, 300));
  const told: string[] = [];
  thread.listen({ onMessage: () => {}, onError: (error) => told.push(error.message), onExit: () => told.push('exit') });
  await expect.poll(() => told).toEqual(['not loaded', 'exit']);
});

test('a watched function counts its calls, and its mark stays until it is taken away, as what it returns may hold code too', () => {
  const monitor = newMonitor();
  const run = watched(
    (n: number) => {
      if (n === 2) throw new Error('two');
      return [n, readMonitor(monitor).code, readMonitor(monitor).call];
    },
    monitor,
    5,
  );
  expect(run(1)).toEqual([1, 5, 1]);
  expect(readMonitor(monitor)).toMatchObject({ code: 5, call: 1 });
  expect(() => run(2)).toThrow('two');
  expect(readMonitor(monitor)).toMatchObject({ code: 5, call: 2 });
  leaveCode(monitor);
  expect(readMonitor(monitor).code).toBe(-1);
});

test('rates are those of the last second', () => {
  const rates = new Rates();
  const at = (ms: number, rows: number) => {
    const source = new NodeCounters(['rows']);
    source.sent('rows', rows);
    const sink = new NodeCounters([]);
    sink.in = rows / 2;
    const stats = rates.stats({ counts: { source: source.snapshot(), sink: sink.snapshot() }, progress: {}, backlog: {} }, ms);
    return [stats['source']!.rate, stats['sink']!.rate];
  };
  expect(at(0, 0)).toEqual([0, 0]);
  expect(at(500, 500)).toEqual([1000, 500]);
  expect(at(1000, 2000)).toEqual([2000, 1000]);
  expect(at(2000, 2500)).toEqual([500, 250]);
  expect(at(5000, 2500)).toEqual([0, 0]);
});

test('rates of ports are those of the rows that left by them, not shares of what came in', () => {
  const rates = new Rates();
  const at = (ms: number, taken: number, out: { readonly [port: string]: number }) => {
    const counters = new NodeCounters(Object.keys(out));
    counters.in = taken;
    for (const [port, rows] of Object.entries(out)) counters.sent(port, rows);
    return rates.stats({ counts: { window: counters.snapshot() }, progress: {}, backlog: {} }, ms)['window'];
  };
  at(0, 0, { rows: 0, late: 0, errors: 0 });
  expect(at(1000, 1000, { rows: 4, late: 3, errors: 0 })).toMatchObject({ rate: 1000, outRate: { rows: 4, late: 3, errors: 0 } });
  expect(at(2000, 2000, { rows: 4, late: 9, errors: 2 })).toMatchObject({ rate: 1000, outRate: { rows: 0, late: 6, errors: 2 } });
});
