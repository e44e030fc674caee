/**
 * What keyed state costs: `node bench/keyed-state.mjs [keys]`. Processor time per get and set of one key, in memory and beyond it,
 * beside a plain Map; and what a checkpoint takes.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { needNode } from '../bin/build.mjs';

needNode();
const { NodeStates } = await import('../engine/runners/local/node-states.ts');

const keyCount = Number(process.argv[2] ?? 100_000);
const keys = Array.from({ length: keyCount }, (_, i) => `["sensor-${i}"]`);
const folder = mkdtempSync(join(tmpdir(), 'millrace-bench-'));

/** Each access gets a value of three numbers, and sets one in its place. Keys are drawn by `pick`. */
function accesses(state, count, pick, expiresAt) {
  for (let i = 0; i < count; i++) {
    const key = keys[pick()];
    const before = state.get(key);
    state.set(key, { count: (before?.count ?? 0) + 1, sum: (before?.sum ?? 0) + i, last: i }, expiresAt && i + expiresAt);
  }
}
let seed = 1;
const anyKey = () => {
  seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
  return seed % keyCount;
};
/** Nine of ten accesses are to a hundredth of the keys. */
const someKeys = () => (anyKey() % 10 === 0 ? anyKey() : anyKey() % Math.max(1, Math.floor(keyCount / 100)));

function measure(name, count, run) {
  const start = process.cpuUsage();
  run(count);
  const { user, system } = process.cpuUsage(start);
  const ms = (user + system) / 1000;
  console.log(
    `${name.padEnd(64)} ${Math.round((ms * 1e6) / count)
      .toString()
      .padStart(8)} ns`,
  );
}

const many = 5_000_000;
const map = new Map();
accesses(map, many, anyKey);
measure('Map', many, (count) => accesses(map, count, anyKey));

const states = new NodeStates({ memory: 2 ** 30 });
const state = states.of('bench').open('state');
accesses(state, many, anyKey);
measure('in memory', many, (count) => accesses(state, count, anyKey));
measure('in memory, each set expiring later', many, (count) => accesses(state, count, anyKey, 1e6));
console.log(`(${states.of('bench').size().bytes / keyCount} bytes a key, as estimated)`);
measure('snapshot, per key', keyCount, () => states.snapshot(1));

for (const [name, pick] of [
  ['any key', anyKey],
  ['mostly a hundredth of the keys', someKeys],
]) {
  for (const share of [0.5, 0.1]) {
    const spilled = new NodeStates({ folder: join(folder, `${share}`), memory: keyCount * 240 * share });
    const beyond = spilled.of('bench').open('state');
    for (let i = 0; i < keyCount; i++) beyond.set(keys[i], { count: 0, sum: 0, last: 0 });
    accesses(beyond, keyCount / 2, pick);
    measure(`${share * 100} % fits into memory, ${name}`, 300_000, (count) => accesses(beyond, count, pick));
    const start = performance.now();
    spilled.snapshot(1);
    const first = performance.now();
    accesses(beyond, 1000, pick);
    const before = performance.now();
    spilled.snapshot(2);
    console.log(`  checkpoint: ${(first - start).toFixed(0)} ms; after 1,000 more accesses ${(performance.now() - before).toFixed(1)} ms`);
    if (share === 0.1) {
      measure('  a key that was not there before: get and set', 100_000, (count) => {
        for (let i = 0; i < count; i++) {
          const key = `["new-${name}-${i}"]`;
          if (beyond.get(key) === undefined) beyond.set(key, { count: i, sum: 0, last: 0 }, i);
        }
      });
      measure('  expiring them all', 100_000, () => beyond.expire(200_000));
    }
    spilled.close();
  }
}
rmSync(folder, { recursive: true });
