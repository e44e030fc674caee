import { createRequire } from 'node:module';
import { describe, expect, test } from 'vitest';
import { openBetterSqlite } from '../../io/sqlite/sqlite-better.ts';
import { inTransaction } from '../../io/sqlite/sqlite-driver.ts';
import { openNodeSqlite } from '../../io/sqlite/sqlite-node.ts';
import { MillraceError, type Problem } from '../../model/problems/problem.ts';
import type { Row } from '../../model/values/types.ts';
import { mayMutate } from './mutation.ts';
import { createSandbox } from './sandbox.ts';

const sandbox = createSandbox();
const where = { node: 'n', field: 'where' };
const expression = (source: string, row: Row = {}) => sandbox.expression(source, where)(row);
const snippet = (source: string, row: Row = {}) => sandbox.snippet(source, { node: 'n', field: 'code' })(row);
const thrown = (run: () => unknown) => {
  try {
    run();
  } catch (error) {
    return sandbox.explain(error);
  }
  throw new Error('nothing was thrown');
};
const refused = (run: () => unknown): Problem => {
  try {
    run();
  } catch (error) {
    if (error instanceof MillraceError) return error.problem;
    throw error;
  }
  throw new Error('nothing was refused');
};

describe('what it runs', () => {
  test('expressions over the row, with types, objects and several lines', () => {
    expect(expression('row.a > 3 && row.b === "x"', { a: 4, b: 'x' })).toBe(true);
    expect(expression('{ twice: (row.a as number) * 2 }', { a: 4 })).toEqual({ twice: 8 });
    expect(expression('\n  row.a // the number\n  + 1 // more', { a: 4 })).toBe(5);
  });
  test('helpers and JavaScript itself', () => {
    expect(expression('[time.hour(row.at), round(row.x, 1), text.clean(" a  b "), Math.max(1, 2), JSON.stringify([1])]', { at: 3_600_000, x: 0.25 })).toEqual([
      1,
      0.3,
      'a b',
      2,
      '[1]',
    ]);
    expect(expression('new Date(row.at).toISOString()', { at: 0 })).toBe('1970-01-01T00:00:00.000Z');
  });
  test('bytes as text, and text as bytes', () => {
    expect(expression('new TextDecoder().decode(row.data)', { data: new Uint8Array([0xef, 0xbb, 0xbf, 0xc3, 0xa9]) })).toBe('é');
    expect(expression('new TextDecoder("utf-16le", { ignoreBOM: true }).decode(row.data.buffer)', { data: new Uint8Array([0xe9, 0]) })).toBe('é');
    expect(expression('[...new TextEncoder().encode("é")]', {})).toEqual([0xc3, 0xa9]);
    const inParts =
      '(() => { const decoder = new TextDecoder(); return decoder.decode(row.data.slice(0, 1), { stream: true }) + decoder.decode(row.data.slice(1)) })()';
    expect(expression(inParts, { data: new Uint8Array([0xc3, 0xa9]) })).toBe('é');
    const fatal = '(() => { try { new TextDecoder("utf-8", { fatal: true }).decode(row.data) } catch (error) { return error instanceof TypeError } })()';
    expect(expression(fatal, { data: new Uint8Array([0xff]) })).toBe(true);
    expect(expression('new TextEncoder().encodeInto("é", new Uint8Array(3)).written', {})).toBe(2);
  });
  test.each([
    ['export default function step(row: Row): Row { return twice(row.a); }\nconst twice = (n: number) => ({ n: n * 2 });'],
    ['const twice = (n: number) => ({ n: n * 2 });\nexport default (row: Row) => twice(row.a)'],
    ['export default function (row: Row) {\n  return { n: row.a * 2 };\n}'],
    ['function step(row: Row) { return { n: row.a * 2 } }\nexport default step'],
    ['export\n  default function step(row: Row) { return { n: row.a * 2 } }'],
  ])('%j', (source) => {
    expect(snippet(source, { a: 2 })).toEqual({ n: 4 });
  });
  test('variables of a snippet last', () => {
    const count = sandbox.snippet('let n = 0;\nexport default function step(row: Row) { n++; return { n }; }', where);
    expect([count({}), count({})]).toEqual([{ n: 1 }, { n: 2 }]);
  });
  test('code that changes the row changes a copy', () => {
    const row = { a: 1, tags: ['x'] };
    expect(snippet('export default function step(row: Row) {\n  row.a++;\n  row.tags.push("y");\n  return row;\n}', row)).toEqual({ a: 2, tags: ['x', 'y'] });
    expect(snippet('export default function step(row: Row) {\n  ({ a: row.b } = { a: 5 });\n  delete row.a;\n  return row;\n}', row)).toEqual({
      b: 5,
      tags: ['x'],
    });
    expect(snippet('export default function step(row: Row) { return Object.assign(row, { a: 9 }); }', row)).toMatchObject({ a: 9 });
    expect(row).toEqual({ a: 1, tags: ['x'] });
  });
  test('code that does not change the row gets the row itself', () => {
    const row = { a: 1 };
    expect(snippet('export default function step(row: Row) { const { a } = row; let b = a; b += 1; return row; }', row)).toBe(row);
  });
});

describe('errors of users’ code point into the editor', () => {
  test.each<[string, number, number]>([
    ['row.a.b.c', 1, 7],
    ['row.x + row.a.b.c', 1, 17],
    ['1 +\n  row.a.b.c', 2, 11],
    ['(row.a as any).b.c', 1, 18],
  ])('expression %j', (source, line, column) => {
    const where = source.startsWith('row.a.b') ? { a: null } : { a: {} };
    expect(thrown(() => expression(source, where))).toMatchObject({ code: 'code/threw', field: 'where', range: { line, column } });
  });
  test.each<[string, number, number]>([
    ['export default function step(row: Row) { return { x: row.a.b }; }', 1, 60],
    ['export default function step(row: Row) {\n  const name: string = row.a.trim();\n  return row;\n}', 2, 30],
    ['export default (row: Row) => row.a.b.c', 1, 36],
    ['export default function step(row: Row) {\n  return help(row);\n}\nfunction help(row: Row) {\n  throw new Error("no good");\n}', 5, 9],
    ['export default function step(row: Row) {\n  return time.floor(0, "fortnight" as any);\n}', 2, 15],
  ])('snippet %j', (source, line, column) => {
    expect(thrown(() => snippet(source, { a: null }))).toMatchObject({ code: 'code/threw', field: 'code', range: { line, column } });
  });
  test('the message is that of the error', () => {
    const row = { a: null };
    expect(thrown(() => expression('row.a.b', row)).message).toBe("Cannot read properties of null (reading 'b').");
    expect(thrown(() => expression('(() => { throw new Error("too hot!") })()')).message).toBe('too hot!');
    expect(thrown(() => expression('(() => { throw "text" })()')).message).toBe('text.');
    expect(thrown(() => expression('(() => { throw { code: 7 } })()')).message).toBe('The code threw {"code":7}.');
    expect(thrown(() => expression('(() => { throw { get message() { throw 1 } } })()')).message).toBe('The code threw something that cannot be shown.');
    expect(thrown(() => expression('(() => { throw undefined })()')).message).toBe('The code threw undefined.');
    expect(thrown(() => expression('new Date()')).message).toBe('The current time is not available to code in a pipeline.');
    expect(thrown(() => expression('Math.random()')).message).toBe('Random numbers are not available to code in a pipeline.');
  });
  test('code that cannot run names node, field and place', () => {
    expect(refused(() => expression('row.a >'))).toMatchObject({ code: 'code/syntax', node: 'n', field: 'where', range: { line: 1, column: 8 } });
    expect(refused(() => expression('import("fs")'))).toMatchObject({ code: 'code/import' });
    expect(refused(() => snippet('export default 3'))).toMatchObject({ code: 'code/no-function', node: 'n', field: 'code' });
    expect(refused(() => snippet('const step = 3;\nexport default step'))).toMatchObject({ code: 'code/no-function' });
    expect(refused(() => snippet('null.x;\nexport default function step(row: Row) { return row; }'))).toMatchObject({
      code: 'code/threw',
      range: { line: 1, column: 6 },
    });
  });
});

describe('what it does not give', () => {
  test.each([
    'typeof process',
    'typeof require',
    'typeof globalThis.process',
    'typeof fetch',
    'typeof setTimeout',
    'typeof Buffer',
    'typeof SharedArrayBuffer',
    'typeof this?.process',
  ])('%s', (source) => {
    expect(expression(source)).toBe('undefined');
  });
  test.each([
    '({}).constructor.constructor("return process")()',
    'row.constructor.constructor("return process")()',
    '(function () {}).constructor("return process")()',
    '(async () => {}).constructor("return process")()',
    '(function* () {}).constructor("return process")()',
    'time.hour.constructor("return process")()',
    '(0, eval)("process").version',
    '({}).__proto__.polluted = 1',
    'Object.prototype.polluted = 1',
    'Array.prototype.map = null',
    'globalThis.shared = 1',
    'Object.defineProperty(time, "hour", { value: 1 })',
  ])('%s', (source) => {
    expect(thrown(() => expression(source)).message).toBeTruthy();
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
  });
  test('the stack hook does nothing', () => {
    expect(expression('(() => { Error.prepareStackTrace = (error, frames) => frames; return typeof new Error("x").stack })()')).toBe('string');
  });
  test('stacks show no files of ours', () => {
    const stack = expression('(() => { try { null.x } catch (error) { return error.stack } })()');
    expect(stack).not.toMatch(/sandbox|node:/);
  });
});

describe('what is too much', () => {
  const many = 100_000;
  test.each<[string, string]>([
    ['brackets', `${'('.repeat(many)}1${')'.repeat(many)}`],
    ['lists', '['.repeat(many) + ']'.repeat(many)],
    ['operators', `1${'+1'.repeat(many)}`],
    ['conditions', `${'row.a?1:'.repeat(20_000)}1`],
    ['signs', `${'!'.repeat(many)}1`],
    ['functions', `${'x=>'.repeat(50_000)}1`],
    ['templates', `${'`${'.repeat(30_000)}1${'}`'.repeat(30_000)}`],
    ['calls', `row.id${'.trim()'.repeat(20_000)}`],
    ['types', `(row.a as ${'Array<'.repeat(20_000)}x${'>'.repeat(20_000)})`],
    ['types in brackets', `(row.a as ${'('.repeat(many)}x${')'.repeat(many)})`],
    ['brackets beside a type', `(row.a as any) + ${'('.repeat(many)}1${')'.repeat(many)}`],
    ['signs beside a type', `(row.a as any) + ${'!'.repeat(many)}1`],
    ['prefixes of a type', `(row.a as ${'keyof '.repeat(20_000)}x)`],
    ['assignments beside a type', `(row.a as any, ${'a='.repeat(many)}1)`],
  ])('%s that are nested too deeply are refused, and the next code is not', (_, source) => {
    expect(refused(() => expression(source))).toMatchObject({ code: 'code/too-deep' });
    expect(expression('(row.a as number) + 1', { a: 1 })).toBe(2);
  });
  test('code that is too long', () => {
    expect(refused(() => expression(`"${'x'.repeat(300_000)}"`))).toMatchObject({ code: 'code/too-long', node: 'n', field: 'where' });
  });
  test('comments take a time that grows with their length alone', () => {
    const source = `${'/**/'.repeat(60_000)}1`;
    const before = process.cpuUsage();
    expect(expression(source)).toBe(1);
    // 11 s when each copied the whole text.
    expect(process.cpuUsage(before).user / 1e6).toBeLessThan(5);
  });
  test.each(['import("fs")', 'import.source("fs")', 'import.defer("fs")', 'import.meta.url', '() => import\n("fs")'])('%s', (source) => {
    expect(refused(() => expression(source))).toMatchObject({ code: 'code/import', hint: expect.stringContaining('the row and the helpers') });
  });
});

describe('rows are copied for code that may change them, and for no other', () => {
  test.each([
    'return row',
    'return { ...row, total: row.price * row.amount }',
    'return row.text.split(" ").map((word, i) => ({ id: row.id, position: i + 1, word }))',
    'const { tags, ...rest } = row; return rest',
    'let best = null; for (const n of row.list) if (best === null || n > best) best = n; return { best: Math.round(best) }',
    'return { then: row.then, label: row.name, when: new Date(row.at).toISOString(), sort: 1, set: 2 }',
    'return { found: /x/.test(row.text), keys: Object.keys(row).length, json: JSON.stringify(row), n: Number(row.n).toFixed(2) }',
    'return { clean: text.clean(row.text), hour: time.hour(row.at), r: round(row.n, 2) }',
    'if (row.n < 0) throw new Error(`negative ${row.n}`); switch (row.kind) { case "a": return null; default: return { kind: row.kind?.trim() ?? "" } }',
    'return row.list.filter((x) => x > 1).reduce((sum, x) => sum + x, 0) > 3 ? { ok: true } : null',
  ])('not for %s', (body) => {
    expect(mayMutate(`export default function step(row) { ${body} }`)).toBe(false);
  });
  test.each([
    'class B { constructor(o) { return o } } class S extends B { a = 1 } new S(row)',
    'Error.captureStackTrace(row)',
    'Object.freeze(row)',
    'row.list.setFromHex?.("00"); row.list.push(1)',
    'new TextEncoder().encodeInto("x", row.data)',
    'const { assign } = Object',
    'Reflect.set(row, "a", 1)',
    '({ __proto__: row })',
    '({ constructor: row })',
    'row.list[row.name]()',
    'new Proxy(row, {})',
  ])('for %s', (body) => {
    expect(mayMutate(`export default function step(row) { ${body}; return row }`)).toBe(true);
  });
});

test.each([openNodeSqlite, openBetterSqlite])('native modules and files work in a locked-down thread', async (library) => {
  const { gzipSync, gunzipSync } = await import('node:zlib');
  const db = library(':memory:', { access: 'create', waitMs: 0 });
  db.exec('CREATE TABLE t (a, b)');
  const insert = db.prepare('INSERT INTO t VALUES (?, ?)');
  inTransaction(db, () => {
    for (let i = 0; i < 100; i++) insert.run(i, `x${i}`);
  });
  expect(db.prepare('SELECT count(*) AS n FROM t').get()).toEqual({ n: 100 });
  expect(() => db.exec('SELEC')).toThrow(expect.objectContaining({ code: 'SQLITE_ERROR' }));
  db.close();
  expect(gunzipSync(gzipSync('text')).toString()).toBe('text');
});

test('nothing that the evaluator itself asks for is loaded, whatever code has got past the parser', async () => {
  const ses = createRequire(import.meta.url).resolve('ses');
  const refusal = 'Code in a pipeline cannot load modules';
  for (const name of ['node:fs', 'typescript', './dist/ses.cjs', '/etc/passwd']) expect(() => createRequire(ses)(name)).toThrow(refusal);
  expect(createRequire(import.meta.url)('node:path')).toBeTruthy();
});
