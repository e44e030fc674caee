/**
 * Sort and remove duplicates over more than memory is to hold: `node bench/spilled-rows.mjs [--rows 2000000] [--case sort] [--memory 64]`.
 * The operators with the state of a run, each case in a process of its own, as runs have it and with a limit that is never reached.
 * Of the duplicates each key comes twice, in no order. Told are times, the most memory the process had, and a checkpoint's file.
 */

import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { serialize } from 'node:v8';
import type { StatefulOperator, TransformContext, TransformDefinition } from '@millrace/kit/node';
import type { Params } from '@millrace/kit/params';
import { loadOperators, openOperator, operations } from '../engine/operators/open.ts';
import { lower } from '../engine/plan/lower.ts';
import { NodeStates } from '../engine/runners/local/node-states.ts';
import type { Row, Schema } from '../model/values/types.ts';
import dedupe from '../nodes/rows/dedupe.ts';
import sort from '../nodes/rows/sort.ts';

await loadOperators(operations);

const { values } = parseArgs({ options: { rows: { type: 'string', default: '2000000' }, case: { type: 'string' }, memory: { type: 'string' } } });
const count = Number(values.rows);
const megabyte = 2 ** 20;
const batchSize = 1000;
const schema: Schema = {
  columns: [
    { name: 'id', type: 'string', nullable: false },
    { name: 'value', type: 'number', nullable: false },
    { name: 'at', type: 'integer', nullable: false },
  ],
};
const cases: { readonly [name: string]: readonly [TransformDefinition<any>, object] } = {
  sort: [sort, { by: [{ column: 'value', direction: 'asc' }] }],
  'dedupe, keep first': [dedupe, { keys: ['id'], keep: 'first', within: null }],
  'dedupe, keep last': [dedupe, { keys: ['id'], keep: 'last', within: null }],
};

let seed = 1;
function random(below: number): number {
  seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0;
  return Math.floor((seed / 2 ** 32) * below);
}

if (values.case === undefined || values.memory === undefined) {
  for (const name of values.case === undefined ? Object.keys(cases) : [values.case]) {
    for (const memory of values.memory === undefined ? ['64', '8000'] : [values.memory]) {
      const own = [import.meta.filename, '--rows', `${count}`, '--case', name, '--memory', memory];
      process.stdout.write(execFileSync(process.execPath, own, { encoding: 'utf8' }));
    }
  }
} else await measure(values.case, Number(values.memory));

async function measure(name: string, memory: number): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-bench-'));
  const states = new NodeStates({ folder, memory: memory * megabyte });
  const [definition, params] = cases[name]!;
  let out = 0;
  const context = {
    params,
    inputs: { rows: schema },
    outputs: { rows: schema },
    signal: new AbortController().signal,
    memory: states.limit / 2,
    state: (state: string) => states.of('node').open(state),
    emit: (_: string, rows: readonly Row[]) => {
      out += rows.length;
    },
    yieldNow: () => {},
  } as Partial<TransformContext<any>> as TransformContext<any>;
  const operator = openOperator(lower(definition, params as Params, context.inputs)!, context, () => definition.run!(context)) as StatefulOperator;
  const started = performance.now();
  for (let row = 0; row < count; row += batchSize) {
    const rows = Array.from({ length: batchSize }, (_, i): Row => ({ id: `order-${((row + i) * 7919) % (count / 2)}`, value: random(1e9), at: row + i }));
    operator.process(rows, 'rows');
  }
  const read = performance.now();
  const own = operator.stateSize!();
  const keyed = states.of('node').size();
  const peakReading = process.resourceUsage().maxRSS;
  const checkpoint = serialize([operator.snapshot!(), states.snapshot(1)]).length;
  const end = performance.now();
  await operator.finish?.();
  const ended = performance.now();
  const { user, system } = process.cpuUsage();
  const file = statSync(join(folder, 'state.db'), { throwIfNoEntry: false })?.size ?? 0;
  states.close();
  rmSync(folder, { recursive: true });
  const seconds = (ms: number) => `${(ms / 1000).toFixed(1)} s`;
  const megabytes = (bytes: number) => `${(bytes / megabyte).toFixed(bytes < 10 * megabyte ? 1 : 0)} MB`;
  process.stdout.write(
    `${name}, ${memory} MB: ${seconds(read - started)} reading, ${seconds(end - read)} a checkpoint, ${seconds(ended - end)} at the end, ` +
      `${seconds((user + system) / 1000)} of processor time; ${out.toLocaleString('en')} rows out; state ${megabytes(own.bytes + keyed.bytes)}, ` +
      `checkpoint file ${megabytes(checkpoint)}, state file ${megabytes(file)}; ` +
      `peak memory ${megabytes(peakReading * 1024)} reading, ${megabytes(process.resourceUsage().maxRSS * 1024)} in all\n`,
  );
}
