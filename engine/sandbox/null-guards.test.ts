import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import '../../test/property-seed.ts';
import type { Row, Schema } from '../../model/values/types.ts';
import { fixProblem, isFixable } from '../document/edits.ts';
import { emptyPipeline, type Pipeline } from '../document/pipeline.ts';
import { codeAnalysis } from './analysis.ts';
import { createSandbox } from './sandbox.ts';

const sandbox = createSandbox();
const expression = (source: string, row: Row = {}) => sandbox.expression(source, { node: 'n', field: 'where' })(row);
const snippet = (source: string, row: Row = {}) => sandbox.snippet(source, { node: 'n', field: 'code' })(row);
const step = (body: string, row: Row) => snippet(`export default function step(row: Row) {\n  ${body}\n}`, row);
const failure = (run: () => unknown) => {
  try {
    run();
  } catch (error) {
    return sandbox.explain(error);
  }
  throw new Error('nothing was thrown');
};

const row: Row = { no: null, n: 3, text: 'abc', yes: true, list: [1, null, 3], json: { a: null, b: 2 } };

describe('in expressions, null gives null', () => {
  test.each([
    'row.no * 3',
    '3 * row.no',
    'row.n - row.no',
    'row.no + 1',
    'row.no + "x"',
    '"x" + row.no',
    'row.no ** 2',
    'row.no % 2',
    'row.no | 0',
    '-row.no',
    '+row.no',
    '~row.no',
    'row.no < 5',
    'row.no <= 5',
    '5 > row.no',
    'row.no >= 0',
    '(row.no) < (5)',
    '`${row.no}`',
    '`a ${row.n} b ${row.no} c`',
    'row.json.a * 2',
    'row.json.missing * 2',
    'row.json.missing > 2',
    'Math.round(row.no)',
    'Math.max(row.n, row.no)',
    'Math.max(row.n, 1, row.no)',
    'Math.min(...row.list)',
    'Math["abs"](row.no)',
    'Math.round(row.n * (2 + row.no)) / 5',
    'Math.floor(Math.max(row.n, -row.no) / 2) > 1',
    '(row.n + (row.no ?? 1)) * row.no',
    `${'row.n + '.repeat(100)}row.no`,
    `row.no${' - row.n'.repeat(100)}`,
    'Number(row.no)',
    'String(row.no)',
    'parseInt(row.no, 36)',
    'parseFloat(row.no)',
    'isNaN(row.no)',
    'isFinite(row.no)',
    'encodeURIComponent(row.no)',
    'Date.UTC(row.no, 1)',
    'row.text.includes(row.no)',
    'row.text.startsWith(row.no)',
    'row.text.indexOf(row.no)',
    'row.text.slice(row.no)',
    'row.text.repeat(row.no)',
    'row.text.concat(row.no)',
    'row.text.replace("a", row.no)',
    'row.list.slice(row.no)',
    'row.n.toFixed(row.no)',
    '/n/.test(row.no)',
    '(row.no + 1) * 2',
    'Math.round(row.no * 2) + 1',
    'round(row.n, row.no)',
    'text.clean(row.no)',
    // What follows from an unknown condition is unknown.
    '!(row.no > 5)',
    '!(!(row.no > 5))',
    'row.no > 5 ? "hot" : "mild"',
    '!(row.no > 5) ? 1 : 2',
    'row.no > 5 || row.n > 5',
    'row.no > 5 && row.n > 1',
    'row.n > 1 && row.no > 5',
    '!(row.no > 5 || row.n > 5)',
    '!row.text.includes(row.no)',
    'row.no in row.json',
    '(() => row.no * 2)()',
    '[row.no * 2][0]',
  ])('%s', (source) => {
    expect(expression(source, row) ?? null).toBe(null);
  });

  test.each<[string, unknown]>([
    ['row.n * 2', 6],
    ['row.no === null', true],
    ['row.no == null', true],
    ['row.no !== 3', true],
    ['row.no ?? 7', 7],
    ['(row.no ?? 2) * 3', 6],
    ['row.no * 2 || 5', 5],
    ['row.no * 2 ?? 5', 5],
    ['row.no > 5 || row.n > 2', true],
    ['(row.no > 5) ?? false', false],
    ['row.no?.trim()', undefined],
    ['row.no?.trim().length', undefined],
    ['row.text?.slice(1).toUpperCase()', 'BC'],
    ['row.no?.x.slice(1).length', undefined],
    ['typeof row.no', 'object'],
    ['!row.no', true],
    ['row.no ? 1 : 2', 2],
    ['row.yes && row.n > 2', true],
    ['row.no !== null && row.no > 5', false],
    ['row.no === null ? "none" : row.no > 5 ? "hot" : "mild"', 'none'],
    ['row.list.includes(row.no)', true],
    ['row.list.indexOf(row.no)', 1],
    ['row.list.filter((x) => x > 1).length', 1],
    ['row.list.map((x) => x * 2).filter((x) => x !== null).join()', '2,6'],
    ['`${row.text}-${row.n}\\n${1}`', 'abc-3\n1'],
    ['Math.max(row.n, 5)', 5],
    ['Math.floor((row.n * 89) / 2) + Math.max(row.n, 5)', 138],
    ['- - -(row.n ** 2) + +row.n', -6],
    ['((Math) => Math.floor(row.n))({ floor: () => 7 })', 7],
    ['((M\\u0061th) => Math.floor(row.n))({ floor: () => 7 })', 7],
    ['Math.floor(row.n, row.no)', 3],
    ['Math.max(...row.list.filter((x) => x !== null))', 3],
    ['[row.n].map(Math.sqrt)[0] > Math.sqrt(2)', true],
    [`${'row.n + '.repeat(100)}row.n`, 303],
    ['Number.isInteger(row.n) && Number.MAX_SAFE_INTEGER > row.n', true],
    ['Math.max(1, row.n, 2)', 3],
    ['Math.PI > 3 && Number.MAX_SAFE_INTEGER > 1', true],
    ['Number("4") + Number.parseFloat("1.5")', 5.5],
    ['row.list.map(String).length', 3],
    ['["1", "2"].map(Number).reduce((a, b) => a + b, 0)', 3],
    ['new Date(0).toISOString()', '1970-01-01T00:00:00.000Z'],
    ['new Date(0) instanceof Date && /x/ instanceof RegExp', true],
    ['Date.UTC(1970, 0, 1)', 0],
    ['typeof Number === "function" && Number.isInteger(row.n)', true],
    ['Object(5) instanceof Number', true],
    ['(() => { class Day extends Date { n = 1 } const d = new Day(0); return d instanceof Day && d.n + d.getTime() })()', 1],
    ['new Number(5) * 2 + new String("x").length + Number() + String().length', 11],
    ['RegExp("a").test("cat")', true],
    ['Math + ""', '[object Math]'],
    ['"a" in { a: 1 }', true],
    ['row.n\n-\nrow.n', 0],
    ['- - row.n', 3],
    ['((row) => row.n - 1)({ n: 5 })', 4],
    ['(() => { const a = row.n\n  return-a })()', -3],
    ['(() => { let i = 0, s = 0; while (i < 3) { s += i; i++ } return s })()', 3],
    ['String.raw`a${1}\\n`', 'a1\\n'],
    ['row.list[row.n - 1]', 3],
    ['row.list[row.no]', undefined],
    ['({ null: 1 })[row.no]', undefined],
  ])('%s is %j', (source, value) => {
    expect(expression(source, row)).toEqual(value);
  });

  test('a name or a number that has to be there fails', () => {
    expect(failure(() => expression('new Date(row.no)', row))).toMatchObject({ code: 'code/null', message: '`new Date` was given null.' });
    expect(failure(() => expression('({ [row.no]: 1 })', row)).code).toBe('code/null');
    expect(failure(() => expression('row.text?.replace("a", row.no)', row)).code).toBe('code/null');
    expect(failure(() => expression('new RegExp(row.no)', row)).code).toBe('code/null');
  });
});

describe('in code, null fails where it would become another value', () => {
  test.each([
    'return { x: row.no * 3 }',
    'return { x: row.no + "x" }',
    'return { x: `${row.no}` }',
    'return { x: -row.no }',
    'if (row.no < 5) return row; return null',
    'let sum = 0; for (const x of row.list) sum += x; return { sum }',
    'let x = row.no; x++; return { x }',
    'const counts = {}; counts[row.no] = 1; return { counts }',
    'const counts = {}; counts[row.text]++; return { counts }',
    'const counts = {}; counts[row.text] += 1; return { counts }',
    'const o = { get a() { return null } }; (() => o)().a += row.no; return o',
    'return { [row.no]: 1 }',
    'return { x: Math.round(row.no) }',
    'return { x: [row.no].map(Number)[0] }',
    'const { round: near } = Math; return { x: near(row.no) }',
    'return { x: String(row.no) }',
    'return { x: new Date(row.no) }',
    'return { x: row.text.includes(row.no) }',
    'return { x: row.text?.startsWith(row.no) }',
    'return { x: row.list.reduce((a, b) => a + b) }',
    'return { x: row.json.missing > 3 }',
    'return { x: row.list.toSorted((a, b) => a - b) }',
  ])('%s', (body) => {
    expect(failure(() => step(body, row))).toMatchObject({ code: 'code/null', field: 'code', hint: expect.stringContaining('??') });
  });

  test('it says what is null, where, and what to write', () => {
    expect(failure(() => step('const a = 1;\n  return { x: row.n * row.no };', row))).toEqual({
      code: 'code/null',
      message: '`row.no` is null in `row.n * row.no`.',
      hint: 'Give a default, as in `row.no ?? 0`, or test it first: `row.no === null`.',
      field: 'code',
      range: { line: 3, column: 15 },
      fix: { title: 'Replace with `row.no ?? 0`', at: 78, before: 'row.no', text: '(row.no ?? 0)' },
    });
    expect(failure(() => step('return { x: row.text + row.no };', row)).hint).toContain('`row.no ?? ""`');
    expect(failure(() => step('return { x: Math.round(row.no) };', row))).toMatchObject({ message: '`row.no` is null in `Math.round(row.no)`.' });
  });

  test.each<[string, unknown]>([
    ['return { x: Math.round(row.n * 1.5), y: Math.max(row.n, 4,), z: Math.round(2.5) + Math.PI * 0 }', { x: 5, y: 4, z: 3 }],
    ['return { x: row.n * 3, y: row.no ?? 1, z: row.no === null }', { x: 9, y: 1, z: true }],
    ['const counts = {}; counts[row.text] ??= 0; counts[row.text]++; return counts', { abc: 1 }],
    ['const counts = {}; counts[row.text] = (counts[row.text] ?? 0) + 1; return counts', { abc: 1 }],
    ['let i = 0\n  ++i\n  i++\n  i += 2\n  -i\n  return { i }', { i: 2 }],
    ['let s = ""\n  for (let i = 0; i < 3; i++) s += `${i}`\n  return { s }', { s: '012' }],
    ['const list = [1, 2]; list[0] += 5; list[list.length - 1]--; return { list }', { list: [6, 1] }],
    ['class A { n = 1; #m = 2; add() { this.n += this.#m; this.#m++; return this.n + this.#m } }\n  return { x: new A().add() }', { x: 6 }],
    ['const { n, ...rest } = row; const { [`te${"xt"}`]: t } = rest; return { n, t }', { n: 3, t: 'abc' }],
    ['label: for (const a of [1, 2]) { for (const b of [1, 2]) { if (a * b > 1) break label } }\n  return {}', {}],
    ['const f = (a = row.n * 2, ...b) => a + b.length; return { x: f(), y: f(1, 2) }', { x: 6, y: 2 }],
    ['switch (row.n - 1) { case 1 + 1: return { x: 1 }; default: return { x: 2 } }', { x: 1 }],
  ])('%s', (body, value) => {
    expect(step(body, row)).toEqual(value);
  });
});

describe('errors point to the place in the text of the user', () => {
  test.each<[string, number]>([
    ['row.n * 2 + row.a.b.c', 21],
    ['row.n + 1 > 1 ? row.a.b.c : 1', 25],
    ['`${row.n}` + row.a.b.c', 22],
    ['Math.max(row.n * 2, row.a.b.c)', 29],
  ])('%s', (source, column) => {
    expect(failure(() => expression(source, { n: 1, a: {} }))).toMatchObject({ code: 'code/threw', range: { line: 1, column } });
  });
});

describe('arithmetic on what is no number fails, where JavaScript gives NaN', () => {
  test.each<[string, string]>([
    ['row.any * 2', '`row.any` is "12 kg" in `row.any * 2`, which needs numbers'],
    ['row.n - row.any', '`row.any` is "12 kg"'],
    ['-row.any + 1', '`row.any` is "12 kg"'],
    ['Math.round(row.any / row.n)', '`row.any` is "12 kg" in `Math.round(row.any / row.n)`'],
    ['row.list * 2', '`row.list` is no number'],
  ])('%s', (source, message) => {
    const row = { any: '12 kg', list: { a: 1 }, n: 3 };
    expect(failure(() => expression(source, row))).toMatchObject({ message: expect.stringContaining(message), hint: expect.stringContaining('text.number') });
    expect(failure(() => step(`const x = ${source}; return { x }`, row))).toMatchObject({ code: 'code/not-a-number' });
  });

  test.each<[string, unknown]>([
    ['row.a / row.b', Number.NaN],
    ['row.seven * 2', 14],
    ['Math.sqrt(row.c)', Number.NaN],
    ['row.yes * 2', 2],
  ])('%s of numbers is what it was', (source, value) => {
    expect(expression(source, { a: 0, b: 0, c: -1, seven: '7', yes: true })).toEqual(value);
  });
});

const values = [null, 0, 2, -1, 'x', '7', true] as const;

/** Expressions over row.a and row.b, and their values by SQL's rule: an operator that meets null gives null. */
test('any expression gives what JavaScript gives where nothing is null, and null where an operand is', () => {
  const operators = ['+', '-', '*', '/', '%', '<', '<=', '>', '>=', '&', '|', '<<'];
  const { tree } = fc.letrec<{ tree: string }>((tie) => ({
    tree: fc.oneof(
      { maxDepth: 4 },
      fc.constantFrom('row.a', 'row.b', '1', '"s"'),
      fc.tuple(tie('tree'), fc.constantFrom(...operators), tie('tree')).map(([a, operator, b]) => `(${a} ${operator} ${b})`),
      fc.tuple(fc.constantFrom('-', '+', '~'), tie('tree')).map(([operator, a]) => `(${operator} ${a})`),
      tie('tree').map((a) => `\`<\${${a}}>\``),
      tie('tree').map((a) => `Math.abs(${a})`),
      fc.tuple(tie('tree'), tie('tree')).map(([a, b]) => `Math.max(${a}, ${b})`),
      tie('tree').map((a) => `String(${a})`),
    ),
  }));
  fc.assert(
    fc.property(tree, fc.constantFrom(...values), fc.constantFrom(...values), (source, a, b) => {
      const met = (source.includes('row.a') && a === null) || (source.includes('row.b') && b === null);
      const plain = new Function('row', `return ${source}`) as (row: Row) => unknown;
      let found: unknown;
      try {
        found = expression(source, { a, b });
      } catch (error) {
        // Arithmetic on a text, which is among the values or made in the expression.
        expect((error as Error).message).toContain('needs numbers');
        expect(typeof a === 'string' || typeof b === 'string' || /["`]|String/.test(source)).toBe(true);
        return;
      }
      expect(found).toEqual(met ? null : plain({ a, b }));
    }),
    { numRuns: 300 },
  );
});

describe('one edit goes on without null', () => {
  /** The code after the fixes of all failures that one row causes. */
  const fixed = (body: string, given: Row): string => {
    const params = { code: `export default function step(row: Row) {\n  ${body}\n}` };
    let pipeline: Pipeline = { ...emptyPipeline, nodes: { n: { type: 'code', typeVersion: 1, params } } };
    for (let i = 0; i < 5; i++) {
      const code = pipeline.nodes['n']!.params['code'] as string;
      try {
        snippet(code, given);
        return code.split('\n').slice(1, -1).join('\n').trim();
      } catch (error) {
        const problem = sandbox.explain(error);
        const next = fixProblem(pipeline, 'n', problem);
        if (next === pipeline) throw new Error(`no fix in ${code} for ${problem.message}`);
        pipeline = next;
      }
    }
    throw new Error('no end of failures');
  };
  test.each([
    ['return { x: row.n * row.no }', 'return { x: row.n * (row.no ?? 0) }'],
    ['return { x: row.no + row.no }', 'return { x: (row.no ?? 0) + (row.no ?? 0) }'],
    ['return { x: row.no + row.text }', 'return { x: (row.no ?? "") + row.text }'],
    ['return { x: row.n - (row.no as number) }', 'return { x: row.n - ((row.no as number) ?? 0) }'],
    ['return { x: row.n < (row.no || null) }', 'return { x: row.n < ((row.no || null) ?? 0) }'],
    ['return { x: -row.no }', 'return { x: -(row.no ?? 0) }'],
    ['return { x: `${row.no}` }', 'return { x: `${row.no ?? ""}` }'],
    ['return { x: Math.max(row.no, 1) }', 'return { x: Math.max(row.no ?? 0, 1) }'],
    ['return { x: row.text.includes(row.no) }', 'return { x: row.text.includes(row.no ?? "") }'],
    ['return { x: row.text.padStart(row.no, row.no) }', 'return { x: row.text.padStart(row.no ?? 0, row.no ?? "") }'],
    ['return { x: row.text.at(row.no) }', 'return { x: row.text.at(row.no ?? 0) }'],
    ['return { [row.no]: 1 }', 'return { [row.no ?? ""]: 1 }'],
    ['row.n += row.no; return row', 'row.n += row.no ?? 0; return row'],
    ['row.no += row.n > 1 ? 2 : 3; return row', 'row.no = (row.no ?? 0) + (row.n > 1 ? 2 : 3); return row'],
    ['return { x: row.no.trim().length }', 'return { x: row.no?.trim().length }'],
    ['return { x: row.json.a.b.c }', 'return { x: row.json.a?.b.c }'],
    ['return { x: row.no\n    .trim() }', 'return { x: row.no\n    ?.trim() }'],
    ['return { x: row.no[0] }', 'return { x: row.no?.[0] }'],
    ['const f = (a: number) => a * 2; return { x: f(row.no) }', 'const f = (a: number) => (a ?? 0) * 2; return { x: f(row.no) }'],
  ])('%s', (before, after) => {
    expect(fixed(before, row)).toBe(after);
  });

  const input: Schema = {
    columns: [
      { name: 'qty', type: 'number', nullable: true },
      { name: 'name', type: 'string', nullable: true },
      { name: 'list', type: 'json', nullable: true },
    ],
  };
  test.each([
    ['row.qty * 2', '(row.qty ?? 0) * 2'],
    ['(row.qty) * 2', '(row.qty ?? 0) * 2'],
    ['Math.round(row.qty)', 'Math.round(row.qty ?? 0)'],
    ['`${row.name}`', '`${row.name ?? ""}`'],
    ['"a" + row.name', '"a" + (row.name ?? "")'],
    ['row.name.length', 'row.name?.length'],
    ['(row.name).trim().length', '(row.name)?.trim().length'],
    ['row["name"][0]', 'row["name"]?.[0]'],
  ])('before a row meets it: %s', (before, after) => {
    const params = { columns: [{ name: 'x', expression: before }] };
    const pipeline: Pipeline = { ...emptyPipeline, nodes: { n: { type: 'compute', typeVersion: 1, params } } };
    const [warning] = codeAnalysis.expression(before, input).warnings!;
    const problem = { ...warning!, field: 'columns.0.expression' };
    const next = fixProblem(pipeline, 'n', problem);
    expect(next.nodes['n']!.params).toEqual({ columns: [{ name: 'x', expression: after }] });
    expect(codeAnalysis.expression(after, input).warnings).toEqual([]);
    // The code was changed in the meantime: there is nothing left to fix.
    expect(isFixable(next, 'n', problem)).toBe(false);
  });
});
