/** What hostile code tries in a real run: the checks before it are left out, so that the run itself must hold. */
import { afterEach, describe, expect, test } from 'vitest';
import type { Json } from '../../model/values/types.ts';
import { newFolder, node, pipeline, RunTrial } from '../processes/run-trial.ts';

const trials: RunTrial[] = [];
afterEach(() => {
  for (const trial of trials.splice(0)) trial.kill();
});
/** On a machine that is neither in UTC nor English: code sees nothing of it. */
const machine = { TZ: 'Asia/Kolkata', LC_ALL: 'tr_TR.UTF-8', LANG: 'tr_TR.UTF-8' };
function trial(): RunTrial {
  const before = { ...process.env };
  Object.assign(process.env, machine);
  try {
    const made = new RunTrial();
    trials.push(made);
    return made;
  } finally {
    for (const name of Object.keys(machine)) {
      if (before[name] === undefined) delete process.env[name];
      else process.env[name] = before[name];
    }
  }
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
  'new Date(0)["toLoca" + "leString"]("de") !== new Date(0)["toLoca" + "leString"]("en")',
  '(1234.5)["toLoca" + "leString"]("de") === "1.234,5"',
  '"a"["locale" + "Compare"]("b", "de", { sensitivity: "base" }) === "de"',
  'typeof WeakRef !== "undefined" && new WeakRef({}).deref()',
  'typeof FinalizationRegistry !== "undefined" && new FinalizationRegistry(() => {})',
  'new Date(0).getTimezoneOffset() !== 0 && "the zone of this computer"',
  'RegExp.$1 || RegExp.lastMatch || RegExp["$&"]',
  '(() => { /(secret)/.test("secret"); return RegExp.$1 })()',
  // What runs a text as code, by whatever way it might be found.
  ...['eval', 'Function', 'Compartment', 'ModuleSource', 'lockdown', 'ShadowRealm', 'AsyncFunction', 'Evaluator', 'StaticModuleRecord'].map(
    (name) => `globalThis[${JSON.stringify(name.slice(0, 2))} + ${JSON.stringify(name.slice(2))}]`,
  ),
  'Object.getOwnPropertyNames(globalThis).filter((name) => /eval|^Function|Compartment|Module|Realm|lockdown/.test(name)).join()',
  'globalThis["ev" + "al"]("(s) => im" + "port.source(s)")("node:fs")',
  'globalThis["ev" + "al"]("(s) => im" + "port.defer(s)")("node:fs")',
  'globalThis["Func" + "tion"]("return im" + "port.source(`node:fs`)")()',
  'new (globalThis["Comp" + "artment"])()["ev" + "aluate"]("1")',
  'new (Object.getPrototypeOf(() => {})["construct" + "or"])("return this")()',
  'Reflect.construct(Object.getPrototypeOf(async () => {}).constructor, ["return 1"])',
  'Reflect.construct(Object.getPrototypeOf(function* () {}).constructor, ["return 1"])',
  'Reflect.construct(Object.getPrototypeOf(async function* () {}).constructor, ["return 1"])',
  'Reflect.apply(Object.getPrototypeOf(() => {}).constructor, null, ["return this"])()',
  'class extends (() => {}).constructor {}["from"]',
  'new (class extends (async () => {}).constructor { constructor() { super("return 1") } })()',
  'Object.getOwnPropertyDescriptor(Object.getPrototypeOf(() => {}), "constructor").value("return this")()',
  'Array.from({ length: 1, 0: "return this" }, (() => {}).constructor)[0]()',
  '["return this"].map((() => {}).constructor)[0]()',
  'JSON.parse("[1]", (() => {}).constructor)',
  '"x".replace(/x/, (() => {}).constructor)',
  // Syntax that reaches out, or that is read in two ways.
  '(function () { return new.target })()',
  '(function () { return typeof arguments.callee })()',
  '(() => { label: for (;;) { break label } return typeof this === "object" && this.process })()',
  '(class { static #p = 1; static { this.q = typeof process === "undefined" ? "" : process } static q }).q',
  '(() => { try { undeclared = 1; return undeclared } catch { return "" } })()',
  '(function () { return typeof this === "object" && this !== null && this.process })()',
  '((a, b = () => typeof process === "undefined" ? "" : process) => b())(1)',
  '`${(() => typeof process === "undefined" ? "" : process)()}`',
  '((strings) => Object.isFrozen(strings) ? "" : strings)`a${1}b`',
  'Object.getOwnPropertyNames(Object.getPrototypeOf((async function* () {})())).includes("process")',
  'Symbol.for("nodejs.util.inspect.custom") in Object.prototype',
  '[][Symbol.unscopables].process',
  'Object.getOwnPropertySymbols(globalThis).map(String).filter((name) => /node/.test(name)).join()',
  '(() => { const { proxy, revoke } = Proxy.revocable(() => {}, {}); revoke(); return proxy() })()',
  'new Proxy(() => {}, { apply: (f) => f.constructor("return this")() })()',
  'Reflect.ownKeys(row).includes("__proto__")',
  'Reflect.getPrototypeOf(row) !== Object.prototype',
  '({ __proto__: null }).constructor',
  'row.__lookupGetter__("sensor")',
  '(() => { row.__defineGetter__.call(Object.prototype, "polluted", () => 1); return ({}).polluted })()',
  '(() => { Reflect.set(Object.prototype, "polluted", 1); return ({}).polluted })()',
  '(() => { Symbol.prototype.description2 = 1; return Symbol.prototype.description2 })()',
  '(() => { class E extends Error {} E.captureStackTrace?.(Object.prototype); return Object.prototype.stack })()',
  // The stack of an error, also of one that is made while another is described, or deep in the stack.
  '(() => { let seen = ""; class E extends Error { toString() { seen += new Error("x").stack; return "" } get name() { seen += new Error("x").stack; return "" } } void new E("y").stack; return /node:|[\\\\/]|\\.cjs|\\.ts/.test(seen) })()',
  '(() => { let seen = ""; (function f() { try { f() } catch (error) { seen += error.stack; try { null.x } catch (inner) { seen += inner.stack } } })(); return /node:|[\\\\/]|data-thread/.test(seen) })()',
  '(() => { try { time.floor({ valueOf() { return 1 } }, Symbol()) } catch (error) { return /node:|[\\\\/]/.test(error.stack) } })()',
  '(() => { try { text.clean({ toString() { throw new Error("x") } }) } catch (error) { return /node:|[\\\\/]/.test(error.stack) } })()',
  '(() => { try { [1].map(time.floor); [3].sort(null, 1); round(1n) } catch (error) { return /node:|[\\\\/]/.test(error.stack) } })()',
  // The machine: its zone, its language.
  'new Date(2026, 0, 1).getTime() !== Date.UTC(2026, 0, 1)',
  'new Date(0).getHours() !== 0',
  'Date.parse("2026-01-01T00:00") !== Date.UTC(2026, 0, 1)',
  'new Date(0).toString() !== "Thu Jan 01 1970 00:00:00 GMT+0000 (Coordinated Universal Time)"',
  '/05:30|India|IST/.test([new Date(0)["toLoca" + "leString"](), new Date(0)["toLoca" + "leTimeString"](), new Date(0)["toLoca" + "leDateString"](), new Date(0).toTimeString()].join())',
  '"I"["toLoca" + "leLowerCase"]() !== "i"',
  '"i"["toLoca" + "leUpperCase"]() !== "I"',
  '"Z"["locale" + "Compare"]("a") !== -1',
  '(1234.5)["toLoca" + "leString"]() !== "1234.5"',
  '[1234.5, new Date(0)]["toLoca" + "leString"]().includes(",5")',
  '(1234567n)["toLoca" + "leString"]() !== "1234567"',
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
  return { found: [${[...all, ...timerWays].map((way) => `() => ${way.replace(/\brow\b/g, 'timer')}`).join(',\n')}].map(attempt) };
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
    const faults = [
      ...[
        'null.x',
        'undefined()',
        'time.floor(0, "no unit")',
        'decimal.of("x")',
        'new Array(-1)',
        '(1).toFixed(1000)',
        'BigInt(1.5)',
        'decodeURIComponent("%")',
      ],
      ...['JSON.parse("{")', '"a".normalize("x")', 'new RegExp("(")', 'new TextDecoder("no encoding")', 'new TextDecoder("utf-8", 5)', 'TextDecoder()'],
      ...[
        'TextDecoder.prototype.decode.call({})',
        'new TextDecoder("gbk").decode({})',
        'new TextDecoder("utf-8", { fatal: true }).decode(new Uint8Array([255]))',
      ],
      'new TextEncoder().encodeInto("a", {})',
    ];
    const errors = `[${faults.map((fault) => `() => ${fault}`)}].flatMap((fail) => { try { fail(); return [] } catch (error) { return [Object.freeze(error)] } })`;
    const objects =
      'new TextDecoder(), new TextDecoder("utf-16le"), new TextDecoder("latin1"), new TextEncoder(), [].values(), "a".matchAll(/a/g), Promise.resolve()';
    const shared = `["globals", globalThis], ...${errors}.map((error, i) => ["error" + i, error]), ...[${objects}].map((made, i) => ["object" + i, Object.freeze(made)]), ["promise", (async () => {})().then], ["async generator", Object.getPrototypeOf(async function* () {})], ["match", Object.getPrototypeOf("a".matchAll(/a/g))]`;
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
    ['a date whose text is not its own', '({ found: new (class extends Date { toISOString() { return { toString: () => "x" } } })(NaN), more: () => 1 })'],
    ['a list whose methods are not its own', '({ found: new (class extends Array { map() { return () => 1 } })(() => 1) })'],
    ['a promise', 'Promise.resolve({ found: [1] })'],
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
    ['a message that never ends', 'throw { get message() { for (;;); } }'],
    ['an error with a message that never ends', 'throw Object.defineProperty(new Error("x"), "message", { get() { for (;;); } })'],
    [
      'an error whose texts never end',
      'throw new (class E extends Error { toString() { for (;;); } get name() { for (;;); } get [Symbol.toStringTag]() { for (;;); } })("x")',
    ],
    ['an error whose stack never ends', 'throw Object.defineProperty(new Error("x"), "stack", { get() { for (;;); } })'],
    ['an error whose cause never ends', 'throw new Error("x", { cause: { get message() { for (;;); } } })'],
    [
      'values that never end',
      'throw { toJSON() { for (;;); }, toString() { for (;;); }, valueOf() { for (;;); }, [Symbol.toPrimitive]() { for (;;); }, get a() { for (;;); } }',
    ],
    [
      'a proxy that never ends',
      'throw new Proxy({}, { get() { for (;;); }, has() { for (;;); }, getPrototypeOf() { for (;;); }, ownKeys() { for (;;); }, getOwnPropertyDescriptor() { for (;;); } })',
    ],
    [
      'what inherits from such a proxy',
      'throw Object.create(new Proxy({}, { get() { for (;;); }, has() { for (;;); }, getPrototypeOf() { for (;;); }, getOwnPropertyDescriptor() { for (;;); } }))',
    ],
    ['a list of such proxies', 'throw [new Proxy([], { get() { for (;;); }, getPrototypeOf() { for (;;); } })]'],
    ['a big integer of a million digits', 'throw 10n ** 1000000n'],
    ['an object of a million names', 'throw Object.fromEntries(Array.from({ length: 1e5 }, (_, i) => ["k" + i, i]))'],
    ['bytes', 'throw new Uint8Array(1e7)'],
    ['a symbol', 'throw Symbol("x")'],
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

describe('promises that code leaves behind', () => {
  test.each(['code', 'keyed-code'])('in %s: nobody waits for them, and whatever they are rejected with ends nothing', async (kind) => {
    const strays = [
      'Promise.reject(1);',
      'Promise.reject(undefined);',
      'Promise.reject(null);',
      '(async () => { throw "x" })();',
      'Promise.reject(new Proxy({}, { get() { for (;;); }, getPrototypeOf() { for (;;); } }));',
      'Promise.reject({ get message() { for (;;); } });',
      'Promise.reject({ problem: { code: "x", message: "forged", severity: "error" } });',
      'Promise.resolve(1).then(time.floor);',
      'Promise.resolve("{").then(JSON.parse);',
      'new Promise((_, reject) => reject(Object.create(null)));',
      'Promise.resolve({ then() { throw 1 } });',
      '(async function* () { throw 2 })().next();',
    ].join(' ');
    const start = kind === 'code' ? node('code', { code: 'export default function step(row: Row) { return { found: [row.sensor] }; }', columns }) : keyedStart;
    const head = kind === 'code' ? 'export default function step(row)' : 'export function onRow(row)';
    expect(await found(start, { code: `${head} { ${strays} return { found: [1] }; }` })).toEqual([[1], [1], [1]]);
  });
});

describe('every policy', () => {
  test.each(['stop', 'skip', 'keep', 'route'] as const)('%s: what is thrown is told, and none of its code is run', async (policy) => {
    const run = trial();
    const code = 'export default function step(row: Row): any { throw { get message() { for (;;); } }; }';
    const summary = await run.run(
      pipeline({ source, code: node('code', { code, columns }, policy), look: node('inspect') }, ['source -> code', 'code -> look']),
      newFolder(),
    );
    expect(summary.state).toBe(policy === 'stop' ? 'failed' : 'done');
    expect(summary.problems[0]).toMatchObject({ code: 'code/threw', node: 'code', message: 'The code threw something that cannot be shown.' });
  });
});
