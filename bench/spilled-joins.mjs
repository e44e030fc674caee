/**
 * Joins whose state is many times what fits into memory: `node bench/spilled-joins.mjs [rows]`. The operators with the engine's keyed
 * state, each case in a process of its own, with a limit of 16 MB and with one that is never reached. A checkpoint every
 * 100,000 rows. Told are processor time, and what is live in memory after a checkpoint.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join as joinPath } from 'node:path';
import { serialize } from 'node:v8';
import { needNode } from '../bin/build.mjs';

needNode();
const { NodeStates } = await import('../engine/runners/local/node-states.ts');
const { startTransform } = await import('../test/transform-trial.ts');
const { default: join } = await import('../nodes/joins/join.ts');
const { default: streamJoin } = await import('../nodes/joins/stream-join.ts');

const [rowsArgument, caseArgument, limitArgument] = process.argv.slice(2);
const count = Number(rowsArgument ?? 1_000_000);
const megabyte = 2 ** 20;
const batchSize = 1000;
const column = (name, type) => ({ name, type, nullable: false });
const schemaOf = (value) => ({ columns: [column('time', 'timestamp'), column('key', 'string'), column(value, 'number')], eventTime: { column: 'time' } });
const inputs = { left: schemaOf('a'), right: schemaOf('b'), rows: schemaOf('a'), lookup: schemaOf('b') };
const values = { left: 'a', rows: 'a', right: 'b', lookup: 'b' };

let seed = 1;
function random(below) {
  seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
  return Math.floor((seed / 2 ** 32) * below);
}
const each = count / 2;
const hold = Math.round(each * 0.6);
const batch = (port, length, row) => ({ port, rows: Array.from({ length }, (_, i) => ({ ...row(i), [values[port]]: i })) });

/** An order for each millisecond, and a payment for each order at any time within the range. */
function* ordersAndPayments() {
  for (let start = 0; start < each; start += batchSize) {
    yield batch('left', batchSize, (i) => ({ time: start + i, key: `order-${start + i}` }));
    yield batch('right', batchSize, (i) => ({ time: start + i, key: `order-${start + i - random(hold)}` }));
    yield { watermark: start + batchSize - 1 };
  }
}
function* lookupFirst() {
  for (let start = 0; start < each; start += batchSize) yield batch('lookup', batchSize, (i) => ({ time: 0, key: `key-${start + i}` }));
  yield { ended: 'lookup' };
  for (let start = 0; start < each; start += batchSize) yield batch('rows', batchSize, (i) => ({ time: start + i, key: `key-${random(each)}` }));
}
/** The lookup's watermark stays behind until the end: all rows wait. */
function* rowsThatWait() {
  for (let start = 0; start < each; start += batchSize) {
    yield batch('rows', batchSize, (i) => ({ time: start + i, key: `key-${random(1000)}` }));
    yield batch('lookup', batchSize, (i) => ({ time: start + i, key: `key-${random(1000)}` }));
  }
}

const keys = [{ left: 'key', right: 'key' }];
const lookupKeys = [{ column: 'key', lookup: 'key' }];
const cases = {
  'left join within a range': [streamJoin, { kind: 'left', keys, before: 0, after: hold }, ordersAndPayments],
  'inner join in tumbling windows': [streamJoin, { keys, match: 'tumbling', every: hold }, ordersAndPayments],
  'left join in sessions': [streamJoin, { kind: 'left', keys, match: 'session', gap: hold }, ordersAndPayments],
  'fixed lookup': [join, { keys: lookupKeys, table: 'fixed' }, lookupFirst],
  'changing lookup, all rows wait': [join, { keys: lookupKeys, table: 'changing' }, rowsThatWait],
};

if (caseArgument === undefined) {
  for (const name of Object.keys(cases)) {
    for (const limit of [16, 4096]) {
      const told = execFileSync(process.execPath, ['--expose-gc', '--max-semi-space-size=16', import.meta.filename, `${count}`, name, `${limit}`], {
        encoding: 'utf8',
      });
      console.log(`${name.padEnd(34)} limit ${String(limit).padStart(4)} MB: ${told.trim()}`);
    }
  }
} else measure(...cases[caseArgument], Number(limitArgument) * megabyte);

function measure(node, given, events, limit) {
  const folder = mkdtempSync(joinPath(tmpdir(), 'millrace-bench-'));
  const states = new NodeStates({ folder, memory: limit });
  const params = { ...Object.fromEntries(Object.entries(node.params).map(([key, field]) => [key, field.default ?? null])), ...given };
  let out = 0;
  const operator = startTransform(node, {
    params,
    inputs,
    outputs: node.infer({ params, inputs, inputLists: {} }).outputs,
    state: (name) => states.of('node').open(name),
    memory: limit / 2,
    emit: (_, rows) => {
      out += rows.length;
    },
    fail: () => {},
  });
  let rows = 0;
  let most = 0;
  let checkpoints = 0;
  let longest = 0;
  let heap = 0;
  let processor = 0;
  let start = process.cpuUsage();
  const stopClock = () => {
    const { user, system } = process.cpuUsage(start);
    processor += user + system;
  };
  for (const event of events()) {
    if (event.rows) operator.process(event.rows, event.port);
    else if (event.ended) operator.ended(event.ended);
    else operator.advance(event.watermark);
    rows += event.rows?.length ?? 0;
    if (event.rows && rows % 100_000 === 0) {
      most = Math.max(most, operator.stateSize().bytes + states.of('node').size().bytes);
      longest = Math.max(longest, serialize([operator.snapshot(), states.snapshot(++checkpoints)]).length);
      states.committed(checkpoints);
      stopClock();
      globalThis.gc();
      const { heapUsed, external } = process.memoryUsage();
      heap = Math.max(heap, heapUsed + external);
      start = process.cpuUsage();
    }
  }
  operator.advance?.(8.64e15);
  operator.finish?.();
  stopClock();
  const left = states.of('node').size().entries;
  const size = statSync(joinPath(folder, 'state.db'), { throwIfNoEntry: false })?.size ?? 0;
  states.close();
  rmSync(folder, { recursive: true });
  const parts = [
    `${(processor / rows).toFixed(1)} µs a row`,
    `${out} out`,
    `state ${Math.round(most / megabyte)} MB`,
    `live memory at most ${Math.round(heap / megabyte)} MB`,
    `checkpoint file ${(longest / megabyte).toFixed(1)} MB`,
    `state file ${Math.round(size / megabyte)} MB`,
    `${left} entries left`,
  ];
  console.log(parts.join(', '));
}
