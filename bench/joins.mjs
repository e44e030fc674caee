/**
 * What a row costs in the nodes that join and deduplicate streams: `node bench/joins.mjs [rows]`. The operators alone, in batches of
 * 1,000, with a watermark after each batch; so a row's time holds its way in, its pairs, and its being freed.
 */
import { needNode } from '../bin/build.mjs';

needNode();
const { MemoryState } = await import('@millrace/kit/keyed-state');
const { startTransform } = await import('../test/transform-trial.ts');
const { default: dedupe } = await import('../nodes/rows/dedupe.ts');
const { default: join } = await import('../nodes/joins/join.ts');
const { default: streamJoin } = await import('../nodes/joins/stream-join.ts');

const count = Number(process.argv[2] ?? 1_000_000);
const batchSize = 1000;
const column = (name, type) => ({ name, type, nullable: false });
const schemaOf = (value) => ({ columns: [column('time', 'timestamp'), column('key', 'string'), column(value, 'number')], eventTime: { column: 'time' } });
const inputs = { left: schemaOf('a'), right: schemaOf('b'), rows: schemaOf('a'), lookup: schemaOf('b') };

/** One row of each input for each millisecond of event time. `disorder`: how far a row may come behind, in milliseconds. */
function streamsOf(ports, keyOf, disorder) {
  let seed = 1;
  const random = () => {
    seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
    return seed / 2 ** 32;
  };
  const batches = [];
  const values = { left: 'a', rows: 'a', right: 'b', lookup: 'b' };
  for (let start = 0; start < count / ports.length; start += batchSize) {
    for (const [number, port] of ports.entries()) {
      const rows = Array.from({ length: batchSize }, (_, i) => {
        const time = start + i - Math.floor(random() * disorder);
        return { time, key: keyOf(start + i, number, random), [values[port]]: i };
      });
      batches.push({ port, rows, watermark: number === ports.length - 1 ? start + batchSize - disorder - 1 : null });
    }
  }
  return batches;
}

function measure(name, node, params, batches) {
  const defaults = Object.fromEntries(Object.entries(node.params).map(([key, field]) => [key, field.default ?? null]));
  const all = { ...defaults, ...params };
  let best = Number.POSITIVE_INFINITY;
  let out = 0;
  let most = 0;
  for (let round = 0; round < 3; round++) {
    out = 0;
    const operator = startTransform(node, {
      params: all,
      inputs,
      outputs: node.infer({ params: all, inputs, inputLists: {} }).outputs,
      state: () => new MemoryState(),
      memory: Number.POSITIVE_INFINITY,
      emit: (port, rows) => {
        if (port === 'rows') out += rows.length;
      },
      fail: () => {},
    });
    const start = performance.now();
    for (const { port, rows, watermark } of batches) {
      operator.process(rows, port);
      if (watermark === null) continue;
      operator.advance(watermark);
      most = Math.max(most, operator.stateSize().entries);
    }
    operator.advance(8.64e15);
    best = Math.min(best, performance.now() - start);
  }
  const ns = Math.round((best * 1e6) / (batches.length * batchSize));
  console.log(`${name.padEnd(72)} ${String(ns).padStart(6)} ns a row, ${out} out, at most ${most} held`);
}

const both = ['left', 'right'];
const keys = [{ left: 'key', right: 'key' }];
const texts = Array.from({ length: count }, (_, i) => `order-${i}`);
const ids = (i) => texts[i];
const some = (_row, _input, random) => texts[Math.floor(random() * 1000)];
const range = { keys, before: 1000, after: 5000 };

measure('range, a key for each pair, in order', streamJoin, range, streamsOf(both, ids, 1));
measure('range, a key for each pair, disorder of 2 s', streamJoin, range, streamsOf(both, ids, 2000));
measure(
  'range, outer, no pair at all',
  streamJoin,
  { ...range, kind: 'outer' },
  streamsOf(both, (i, side) => texts[side ? i : count - 1 - i], 2000),
);
measure('range, 1,000 keys, 6 partners each', streamJoin, range, streamsOf(both, some, 2000));
measure('tumbling windows of 5 s, a key for each pair', streamJoin, { keys, match: 'tumbling', every: 5000 }, streamsOf(both, ids, 2000));
measure('sliding windows of 5 s every 1 s, a key for each pair', streamJoin, { keys, match: 'sliding', length: 5000, every: 1000 }, streamsOf(both, ids, 2000));
measure('sessions with a pause of 5 s, a key for each pair', streamJoin, { keys, match: 'session', gap: 5000 }, streamsOf(both, ids, 2000));
const lookup = { keys: [{ column: 'key', lookup: 'key' }], table: 'changing' };
measure('lookup that changes, 1,000 keys', join, lookup, streamsOf(['lookup', 'rows'], some, 2000));
measure('duplicates within 5 s, first, 1,000 keys', dedupe, { keys: ['key'], within: 5000 }, streamsOf(['rows'], some, 2000));
measure('duplicates within 5 s, first, all keys differ', dedupe, { keys: ['key'], within: 5000 }, streamsOf(['rows'], ids, 2000));
measure('duplicates within 5 s, last, all keys differ', dedupe, { keys: ['key'], keep: 'last', within: 5000 }, streamsOf(['rows'], ids, 2000));
