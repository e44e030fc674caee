/** What hostile code tries with rows and bytes that others share: the checks before it are left out, so that the run itself must hold. */
import { join } from 'node:path';
import Sqlite from 'better-sqlite3';
import { afterEach, describe, expect, test } from 'vitest';
import type { Json } from '../../engine/schema/types.ts';
import { newFolder, node, pipeline, RunTrial } from '../processes/run-trial.ts';

const trials: RunTrial[] = [];
afterEach(() => {
  for (const trial of trials.splice(0)) trial.kill();
});
function trial(): RunTrial {
  const made = new RunTrial();
  trials.push(made);
  return made;
}
const columns = [{ name: 'found', type: 'json' }];

describe('rows and bytes of others', () => {
  test('rows that go to another branch cannot be changed, however it is hidden', async () => {
    const changes = [
      'row.sensor = "x"',
      'row["sensor"] = "x"',
      'Object.assign(row, { sensor: "x" })',
      'const { assign } = Object; assign(row, { sensor: "x" })',
      'Object["ass" + "ign"](row, { sensor: "x" })',
      'const f = Object["ass" + "ign"]; f(row, { sensor: "x" })',
      'const { ["ass" + "ign"]: f } = Object; f(row, { sensor: "x" })',
      '(0, eval)("(row) => { row.sensor = 1 }")(row)',
      'Reflect.set(row, "sensor", "x")',
      'new Compartment().evaluate("(row) => { row.sensor = 1 }")(row)',
      'Object.values(Object.getOwnPropertyDescriptors(Reflect)).forEach(({ value: f }) => { try { f(row, "sensor", "x") } catch {} })',
      '[row].forEach((r) => { r.sensor = "x" })',
      'for (row.sensor of ["x"]);',
      '({ a: row.sensor } = { a: "x" })',
      'delete row.sensor',
      'class B { constructor(o) { return o } } class S extends B { sensor = "x" } new S(row)',
      'class B { constructor(o) { return o } } class S extends B { ["sensor"] = "x" } new S(row)',
      'class B { constructor(o) { return o } } new (class extends B { static s = 1; sensor = "x" })(row)',
      'class X { constructor() { return row } static from = Array.from } X.from(["x"])',
      'class X { constructor() { return row } static of = Array.of } X.of("x")',
      'class A extends Array { static get [Symbol.species]() { return function () { return row } } } new A(1, 2).map(() => "x")',
      'class A extends Array { static get [Symbol.species]() { return function () { return row } } } A.of("x").concat(["x"])',
      'Error.captureStackTrace(row)',
      'Object.freeze(row)',
      'const { defineProperty: d } = Object; d(row, "sensor", { value: "x" })',
      '({ set sensor(v) { super.sensor = v } }).__proto__ = row',
      'const { set } = Reflect; set(row, "sensor", "x")',
      'new Proxy(row, {}).sensor = "x"',
      '[row].map(({ ...r }) => r).concat(row).at(-1).sensor = "x"',
      '(function* () { row.sensor = "x" })().next()',
      'Object.entries({ row }).forEach(([, r]) => (r["sens" + "or"] = "x"))',
      'JSON.parse("[1]", function () { row.sensor = "x" })',
      'with_: { [row.sensor] = ["x"] }',
    ];
    // Each in a node of its own, so that its syntax decides alone whether it is given a copy.
    const steps = Object.fromEntries(
      changes.map((_, i) => [`code${i}`, node('code', { code: 'export default function step(row: Row) { return { a: 1 }; }' })]),
    );
    const unchecked = Object.fromEntries(
      changes.map((change, i) => [
        `code${i}`,
        { code: `export default function step(row) { try { ${change.replaceAll('"x"', `"x${i}"`)} } catch {} return { a: 1 }; }` },
      ]),
    );
    const run = trial();
    const nodes = { source: node('generator', { count: 5 }), ...steps, other: node('inspect') };
    const summary = await run.run(pipeline(nodes, [...changes.map((_, i) => `source -> code${i}`), 'source -> other']), newFolder(), unchecked);
    expect(summary.problems).toEqual([]);
    const { rows, schema } = await run.client.request('inspect', { node: 'other', limit: 5 });
    expect(rows).toHaveLength(5);
    for (const cells of rows) expect(cells[schema.columns.findIndex(({ name }) => name === 'sensor')]).toMatch(/^sensor-/);
  });

  test('bytes are bytes: they lead neither to Node’s buffers nor to what else lies in memory', async () => {
    const folder = newFolder();
    const db = new Sqlite(join(folder, 'in.db'));
    db.exec("CREATE TABLE t (id INTEGER, data BLOB); INSERT INTO t VALUES (1, x'010203'), (2, x'040506')");
    db.close();
    const nodes = {
      source: node('sqlite-query', { path: 'in.db', read: 'table', table: 't' }),
      code: node('code', { code: 'export default function step(row: Row) {\n  return { id: row.id, data: row.data, found: [row.id] };\n}\n', columns }),
      look: node('inspect'),
    };
    const probes: readonly (readonly [string, Json])[] = [
      // Without a word that could change a row, the code is given the row itself.
      ['[typeof row.data.readUInt8, typeof row.data.parent, row.data.length]', ['undefined', 'undefined', 3]],
      ['[row.data.constructor === Uint8Array, row.data.buffer.byteLength, Object.isFrozen(Object.getPrototypeOf(row.data))]', [true, 3, true]],
    ];
    for (const [probe, wanted] of probes) {
      const run = trial();
      const code = `const kept = [];
export default function step(row) {
  for (const bytes of kept) bytes.fill(9);
  const data = new Uint8Array(row.data);
  kept.push(data);
  return { id: row.id, data, found: ${probe} };
}`.replace(probe.includes('constructor') ? '' : /.*fill.*\n/, '');
      const summary = await run.run(
        pipeline(nodes, ['source -> code', 'code -> look']),
        folder,
        code.replace('kept.push(data);', probe.includes('constructor') ? 'kept.push(data);' : ''),
      );
      expect(summary.problems).toEqual([]);
      const { rows } = await run.client.request('inspect', { node: 'look', limit: 5 });
      expect(rows.map(([, data, found]) => [data, found])).toEqual([
        [{ $bytes: 'AQID' }, wanted],
        [{ $bytes: 'BAUG' }, wanted],
      ]);
    }
  });
});
