/** What hostile code tries in a real run: the checks before it are left out, so that the run itself must hold. */
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

/** Each is an expression in which `row` is in scope, and in keyed code `state`, `context` and `timer` as well. */
const anywhere = [
  // Globals of Node, and of what a thread is given.
  ...['process', 'require', 'module', 'global', 'Buffer', 'fetch', 'setTimeout', 'setImmediate', 'queueMicrotask', 'structuredClone', 'performance'],
  ...['SharedArrayBuffer', 'Atomics', 'WebAssembly', 'Worker', 'crypto', 'console', 'Intl', 'WebSocket', 'navigator', 'postMessage', 'BroadcastChannel'],
].map((name) => `typeof ${name} !== "undefined" && ${name}`);

const ways = [
  ...anywhere,
  '(function () { return this })()',
  '(() => globalThis.process)()',
  'globalThis["pro" + "cess"]',
  // Constructors of functions, of every kind.
  'this.constructor.constructor("return process")()',
  'row.constructor.constructor("return process")()',
  '[].constructor.constructor("return process")()',
  '"".constructor.constructor("return process")()',
  '(0).constructor.constructor("return process")()',
  '/x/.constructor.constructor("return process")()',
  '({}).constructor.constructor("return process.getBuiltinModule(`fs`)")()',
  'Object.getPrototypeOf(() => {}).constructor("return process")()',
  '(async () => {}).constructor("return process")()',
  '(function* () {}).constructor("return process")().next().value',
  'Object.getPrototypeOf(async function* () {}).constructor("return process")()',
  'new Function("return process")()',
  'Reflect.construct(Function, ["return process"])()',
  'Reflect.construct((() => {}).constructor, ["return process"])()',
  'time.hour.constructor("return process")()',
  'text.clean.constructor.constructor("return process")()',
  'round.bind(null).constructor("return process")()',
  '`${{ toString() { return this.constructor.constructor("return process")() } }}`',
  '((strings) => strings.constructor.constructor("return process")())`x`',
  // Modules.
  '(0, eval)("im" + "port(\'node:fs\')")',
  '(0, eval)("im" + "port.meta")',
  'new Compartment().globalThis.process',
  'new Compartment({ globals: {}, __options__: true }).evaluate("process")',
  'new Compartment({ __options__: true, importHook: () => ({ imports: ["fs"], exports: [], execute() {} }), resolveHook: (x) => x }).importNow("fs").namespace',
  '(0, eval)("<" + "!-- \\n process")',
  '(0, eval)("1 --" + "> process \\n process")',
  // Stacks and errors.
  '(() => { Error.prepareStackTrace = (_, frames) => frames; return new Error().stack[0].getThis() })()',
  '(() => { Error.prepareStackTrace = (_, frames) => frames; try { null.x } catch (error) { return error.stack[0].getFunction() } })()',
  '(() => { const e = {}; Error.captureStackTrace(e); return typeof e.stack === "string" && /node:|[\\\\/]engine[\\\\/]|data-thread/.test(e.stack) })()',
  '(() => { try { null.x } catch (error) { return /node:|[\\\\/]engine[\\\\/]|data-thread/.test(error.stack) } })()',
  '(() => { try { (function f() { f() })() } catch (error) { return error.constructor.constructor("return process")() } })()',
  '(() => { try { time.floor(0, "no unit") } catch (error) { return error.constructor.constructor("return process")() } })()',
  '(() => { try { new Array(-1) } catch (error) { return error.constructor.constructor("return process")() } })()',
  '(function f() { return f.caller })()',
  '(function () { return arguments.callee.caller })()',
  // What is shared: nothing may be left behind.
  '(() => { ({}).__proto__.polluted = 1; return ({}).polluted })()',
  '(() => { Object.prototype.polluted = 1; return ({}).polluted })()',
  '(() => { Object.defineProperty(Object.prototype, "polluted", { value: 1 }); return ({}).polluted })()',
  '(() => { Object.setPrototypeOf(Array.prototype, { polluted: 1 }); return [].polluted })()',
  '(() => { Array.prototype.map = () => 1; return [].map() === 1 })()',
  '(() => { Array.prototype[Symbol.iterator] = null; return true })()',
  '(() => { Promise.prototype.then = () => 1; return true })()',
  '(() => { JSON.stringify = () => 1; return true })()',
  '(() => { Map.prototype.get = () => 1; return true })()',
  '(() => { RegExp.prototype.exec = () => null; return true })()',
  '(() => { globalThis.left = 1; return globalThis.left })()',
  '(() => { time.hour = () => 1; return true })()',
  '(() => { time.hour.mine = 1; return time.hour.mine })()',
  '(() => { (async function* () {}).prototype.__proto__.mine = 1; return true })()',
  '(() => { Object.getPrototypeOf([][Symbol.iterator]()).next = () => 1; return true })()',
  '(() => { Object.getPrototypeOf(Int8Array).mine = 1; return Int8Array.mine })()',
  '(() => { class A extends Array { static get [Symbol.species]() { return Function } } return new A(1, 2, 3).map((x) => x).constructor("return process")() })()',
  'lockdown()',
  '(() => { harden(Object.prototype); Object.prototype.polluted = 1; return true })()',
  // Chance, clocks and the collector.
  'Math.random()',
  'Date.now()',
  'new Date().getTime()',
  'Date()',
  'new Date(0).toLocaleString("de") !== new Date(0).toLocaleString("en")',
  '(1234.5).toLocaleString("de") === "1.234,5"',
  '"a".localeCompare("b", "de", { sensitivity: "base" }) === "de"',
  'typeof WeakRef !== "undefined" && new WeakRef({}).deref()',
  'typeof FinalizationRegistry !== "undefined" && new FinalizationRegistry(() => {})',
  'new Date(0).getTimezoneOffset() !== 0 && "the zone of this computer"',
  'RegExp.$1 || RegExp.lastMatch || RegExp["$&"]',
  '(() => { /(secret)/.test("secret"); return RegExp.$1 })()',
];

/** Whether a value is harmless: nothing, or the code's own globals, which are frozen. */
const attempt = `(way) => {
  try {
    const got = way();
    if (got === undefined || got === false || got === null || got === "") return "nothing";
    if (got === globalThis) return "nothing";
    return "got " + typeof got + " " + String(got).slice(0, 80);
  } catch (error) {
    return "refused";
  }
}`;
const attempts = `[${ways.map((way) => `() => ${way}`).join(',\n')}].map(${attempt})`;

const source = node('generator', { count: 3 });
const nowhere = Array.from(ways, () => expect.stringMatching(/^(nothing|refused)$/) as string);

/** The columns `found` (json) of what comes out of the node `code`. */
async function found(code: ReturnType<typeof node>, unchecked: { readonly [param: string]: Json }): Promise<Json[]> {
  const run = trial();
  const summary = await run.run(pipeline({ source, code, look: node('inspect') }, ['source -> code', 'code -> look']), newFolder(), { code: unchecked });
  expect(summary.problems).toEqual([]);
  const { rows, schema } = await run.client.request('inspect', { node: 'look', limit: 100 });
  const at = schema.columns.findIndex(({ name }) => name === 'found');
  return rows.map((cells) => cells[at] as Json);
}

const columns = [{ name: 'found', type: 'json' }];
const inCode = (body: string) =>
  found(node('code', { code: 'export default function step(row: Row) {\n  return { found: [row.sensor] };\n}\n', columns }), { code: body });
const keyedStart = node('keyed-code', { keys: ['sensor'], code: 'export function onRow(row: Row) {\n  return { found: [row.sensor] };\n}\n', columns });
const inKeyed = (body: string) => found(keyedStart, { code: body });
const inExpression = (expression: string) =>
  found(node('compute', { columns: [{ name: 'found', expression: '[row.sensor]', type: 'json' }] }), {
    columns: [{ name: 'found', expression, type: 'json' }],
  });

describe('nothing outside is reached', () => {
  test('by code', async () => {
    for (const got of await inCode(`export default function step(row) {\n  return { found: ${attempts} };\n}\n`))
      expect(Object.fromEntries((got as string[]).map((text, i) => [ways[i], text]))).toEqual(Object.fromEntries(nowhere.map((text, i) => [ways[i], text])));
  });

  test('by an expression', async () => {
    for (const got of await inExpression(attempts))
      expect(Object.fromEntries((got as string[]).map((text, i) => [ways[i], text]))).toEqual(Object.fromEntries(nowhere.map((text, i) => [ways[i], text])));
  });

  const keyedWays = [
    'context.constructor',
    'context.__proto__',
    'Object.getPrototypeOf(context)',
    'context.key.constructor',
    'Object.getPrototypeOf(context.key)',
    'context.setTimer.constructor("return process")()',
    'context.setTimer.caller',
    'context.setTimer.prototype',
    'Object.getOwnPropertyDescriptor(context, "key").get.constructor("return process")()',
    '(() => { context.mine = 1; return context.mine })()',
    '(() => { context.key.mine = 1; return context.key.mine })()',
    '(() => { context.setTimer.mine = 1; return context.setTimer.mine })()',
    '(() => { context.setTimer = () => 1; return true })()',
    '(() => { Object.defineProperty(context, "watermark", { value: 1 }); return true })()',
    '(() => { try { context.setTimer("soon") } catch (error) { return Object.getPrototypeOf(error) !== TypeError.prototype } })()',
    '(() => { try { context.setTimer("soon") } catch (error) { error.constructor.prototype.mine = 1; return error.mine } })()',
    '(() => { try { context.setTimer(0, {}) } catch (error) { return /node:|[\\\\/]engine[\\\\/]|data-thread/.test(error.stack) } })()',
    'context.setTimer({ valueOf() { return this.constructor.constructor("return process")() } })',
    'context.setTimer(5, { toString() { return "x" } })',
    'context.setTimer.call(process, NaN)',
    '(() => { state.__proto__.polluted = 1; return ({}).polluted })()',
    'state.constructor.constructor("return process")()',
  ];
  test('by keyed code, its state, its context and its timers', async () => {
    const timerWays = [
      '(() => { timer.time = 1; return timer.time === 1 })()',
      '(() => { timer.mine = 1; return timer.mine })()',
      'timer.constructor.constructor("return process")()',
    ];
    const all = [...ways, ...keyedWays];
    const code = `const attempt = ${attempt};
export const initial = (key) => ({ found: [() => key.constructor, () => { key.mine = 1; return key.mine }, ${anywhere.map((way) => `() => ${way}`).join(', ')}].map(attempt) });
export function onRow(row, state, context) {
  context.setTimer(0, "look");
  const seen = [${all.map((way) => `() => ${way}`).join(',\n')}].map(attempt);
  return { found: [...seen, ...state.found] };
}
export function onTimer(timer, state, context) {
  return { found: [${[...all, ...timerWays].map((way) => `() => ${way.replaceAll('row', 'timer')}`).join(',\n')}].map(attempt) };
}
`;
    const rows = await inKeyed(code);
    expect(rows).toHaveLength(3 + 3);
    for (const got of rows) {
      const list = got as string[];
      for (const [i, text] of list.entries()) expect(['nothing', 'refused'], [...all, ...timerWays][i] ?? `initial ${i}`).toContain(text);
    }
  });

  test('all that can be reached is frozen, but for what is the code’s own', async () => {
    const walk = `(starts, own) => {
  const seen = new Set(own), soft = [];
  const pending = starts.map(([name, value]) => [name, value]);
  while (pending.length > 0) {
    const [path, value] = pending.pop();
    if ((typeof value !== "object" && typeof value !== "function") || value === null || seen.has(value)) continue;
    seen.add(value);
    if (!Object.isFrozen(value)) soft.push(path);
    pending.push([path + ".__proto__", Object.getPrototypeOf(value)]);
    for (const name of Reflect.ownKeys(value)) {
      const { value: part, get, set } = Object.getOwnPropertyDescriptor(value, name);
      for (const each of [part, get, set]) pending.push([path + "." + String(name), each]);
    }
  }
  return [soft.length, seen.size > 500, soft.slice(0, 20)];
}`;
    const errors =
      '["null.x", "time.floor(0, `no unit`)", "new Array(-1)", "undefined()"].map((source) => { try { (0, eval)(source) } catch (error) { return Object.freeze(error) } })';
    const shared = `["globals", globalThis], ...${errors}.map((error, i) => ["error" + i, Object.getPrototypeOf(error)]), ["promise", (async () => {})().then], ["async generator", Object.getPrototypeOf(async function* () {})], ["match", Object.getPrototypeOf("a".matchAll(/a/g))]`;
    const expression = `(${walk})([["row", Object.getPrototypeOf(row)], ${shared}], [])`;
    expect(await inExpression(expression)).toEqual(Array(3).fill([0, true, []]));
    expect(await inCode(`export default function step(row) {\n  return { found: ${expression} };\n}\n`)).toEqual(Array(3).fill([0, true, []]));
    const keyed = `(${walk})([["context", context], ["timer", timer], ["row", Object.getPrototypeOf(row)], ["state", Object.getPrototypeOf(state)], ${shared}], [])`;
    const code = `export function onRow(row, state, context) {\n  const timer = null;\n  context.setTimer(0);\n  return { found: ${keyed} };\n}\nexport function onTimer(timer, state, context) {\n  const row = {};\n  return { found: ${keyed} };\n}\n`;
    for (const got of await inKeyed(code)) expect(got).toEqual([0, true, []]);
  });
});

describe('what code hands out is taken apart safely', () => {
  const returned: readonly (readonly [string, string])[] = [
    ['a proxy whose every trap throws', 'new Proxy({}, new Proxy({}, { get() { throw new Error("trap") } }))'],
    [
      'a proxy that never ends its keys',
      'new Proxy({}, { ownKeys: () => Array.from({ length: 1000 }, (_, i) => "k" + i), getOwnPropertyDescriptor: () => ({ value: 1, enumerable: true, configurable: true }) })',
    ],
    ['getters that throw', '({ get found() { throw new Error("no") } })'],
    ['a thenable', '({ then(done) { done({}) }, found: [1] })'],
    ['a list with a getter', 'Object.defineProperty([], 0, { get() { throw new Error("no") } })'],
    ['a list that lies about its length', 'new Proxy([], { get: (list, name) => name === "length" ? 2 : { x: name } })'],
    ['an object that holds itself', '(() => { const o = { found: {} }; o.found.o = o; return o })()'],
    ['a function', '({ found: () => 1 })'],
    ['a symbol', '({ found: Symbol("x") })'],
    ['JSON that throws', '({ found: { toJSON() { throw new Error("no") } } })'],
    ['nested too deep', '({ found: Array.from({ length: 5000 }).reduce((inner) => [inner], []) })'],
  ];
  const thrown: readonly (readonly [string, string])[] = [
    ['a proxy whose every trap throws', 'throw new Proxy({}, new Proxy({}, { get() { throw new Error("trap") } }))'],
    [
      'a proxy of an error that throws itself',
      'const e = new Proxy(new Error("x"), { getPrototypeOf() { throw e }, get() { throw e }, has() { throw e } }); throw e',
    ],
    ['an error whose message throws', 'throw Object.defineProperty(new Error("x"), "message", { get() { throw new Error("y") } })'],
    ['an error whose stack throws', 'throw Object.defineProperty(new Error("x"), "stack", { get() { throw new Error("y") } })'],
    ['something with a problem of its own', 'throw { problem: { node: "other", code: "x", message: "forged", severity: "error" } }'],
    ['a revoked proxy', 'const { proxy, revoke } = Proxy.revocable({}, {}); revoke(); throw proxy'],
    ['null', 'throw null'],
    ['a function with a name that throws', 'throw Object.defineProperty(() => {}, "name", { get() { throw 1 } })'],
    ['a text of 100 MB', 'throw "x".repeat(1e8)'],
    ['an error deep in the stack', '(function f() { f() })()'],
  ];
  const bodies = [...returned.map(([name, value]) => [`returns ${name}`, `return ${value};`]), ...thrown.map(([name, body]) => [`throws ${name}`, `${body};`])];

  test.each(['code', 'keyed-code', 'expression'])('in %s: each row fails alone, and the run goes on', async (kind) => {
    // The n-th row tries the n-th; the last one is harmless.
    const tries = bodies.map(([, body], i) => `() => { if (n === ${i}) { ${body} } },`).join('\n');
    const pick = `const n = Number(row.sensor.split("-")[1]) - 1; if (n >= ${bodies.length}) return { found: ["fine"] };`;
    const list = `[${tries}][n]()`;
    const count = bodies.length + 1;
    const run = trial();
    const start: { readonly [kind: string]: readonly [ReturnType<typeof node>, { readonly [param: string]: Json }] } = {
      code: [
        node('code', { code: 'export default function step(row: Row) { return { found: [row.sensor] }; }', columns }, 'skip'),
        { code: `export default function step(row) { ${pick} return ${list}; }` },
      ],
      'keyed-code': [{ ...keyedStart, onError: 'skip' }, { code: `export function onRow(row, state) { ${pick} state.n = n; return ${list}; }` }],
      expression: [
        node('compute', { columns: [{ name: 'found', expression: '[row.sensor]', type: 'json' }] }, 'skip'),
        {
          columns: [
            {
              name: 'found',
              expression: `(() => { ${pick.replace('return {', 'return ({').replace('};', '}).found;')} return (${list}).found; })()`,
              type: 'json',
            },
          ],
        },
      ],
    };
    const [code, params] = start[kind]!;
    const summary = await run.run(
      pipeline({ source: node('generator', { count: count, sensors: count }), code, look: node('inspect') }, ['source -> code', 'code -> look']),
      newFolder(),
      { code: params },
    );
    expect(summary.problems.filter(({ node }) => node !== 'code')).toEqual([]);
    expect(summary.state, JSON.stringify(summary.problems.at(-1))).toBe('done');
    const { rows, schema } = await run.client.request('inspect', { node: 'look', limit: 100 });
    const at = schema.columns.findIndex(({ name }) => name === 'found');
    expect(rows.map((cells) => cells[at])).toContainEqual(['fine']);
    expect(summary.stats['code']!.failed + rows.length).toBe(count);
    expect(summary.stats['code']!.failed).toBeGreaterThanOrEqual(thrown.length);
    for (const { message } of summary.problems) expect(message.length).toBeLessThan(2000);
  });
});

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
    ];
    for (const change of changes) {
      const run = trial();
      const nodes = {
        source: node('generator', { count: 5 }),
        code: node('code', { code: 'export default function step(row: Row) { return { a: 1 }; }' }),
        look: node('inspect'),
        other: node('inspect'),
      };
      const summary = await run.run(
        pipeline(nodes, ['source -> code', 'code -> look', 'source -> other']),
        newFolder(),
        `export default function step(row) { ${change}; return { a: 1 }; }`,
      );
      expect(summary.problems).toEqual([]);
      const { rows, schema } = await run.client.request('inspect', { node: 'other', limit: 5 });
      const at = schema.columns.findIndex(({ name }) => name === 'sensor');
      for (const cells of rows) expect(cells[at], change).toMatch(/^sensor-/);
      run.kill();
    }
  }, 60_000);

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
