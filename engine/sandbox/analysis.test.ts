import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ColumnType, Row, Schema } from '../../model/values/types.ts';
import { conformValue } from '../../model/values/values.ts';
import { compileExpression } from '../../test/conformance/users-code.ts';
import { schema } from '../../test/transform-trial.ts';
import { codeAnalysis } from './analysis.ts';
import { library } from './library.ts';

const input = schema({ id: 'string', n: 'integer', size: 'number?', hot: 'boolean?', time: 'timestamp', tags: 'json?', 'odd name': 'string?' });
const typeOf = (source: string): string => {
  const { type, nullable } = codeAnalysis.expression(source, input);
  return `${type}${nullable ? '?' : ''}`;
};

describe('the type of an expression', () => {
  it.each([
    ['row.size > 30 && row.n === 2', 'boolean?'],
    ['row["odd name"]', 'string?'],
    ['row.size ?? 0', 'number'],
    ['row.size || row.n', 'number'],
    ['row.n * 2 + 1', 'integer'],
    ['row.n / 2', 'number'],
    ['row.n / row.n', 'number?'],
    ['-row.n % 7', 'integer'],
    ['row.size * 1.8 + 32', 'number?'],
    ['row.size === null ? null : row.size * 2', 'number?'],
    ['row.size !== null ? row.size : -1', 'number'],
    ['row.time - row.time % 60000', 'timestamp'],
    ['row.time - 5 < row.time', 'boolean'],
    ['(row.time - row.time) / 1000', 'number'],
    ['new Date(row.time).getUTCHours()', 'integer'],
    ['new Date(row.id)', 'timestamp?'],
    ['Number(row.id) ?? 0', 'number?'],
    ['Number(row.id) || 0', 'number?'],
    ['`${row.id}-${row.n}`', 'string'],
    ['row.id + row.n', 'string'],
    ['row.id.split(",")[0]', 'string?'],
    ['row.id.split(",").map(part => Number(part))', 'json'],
    ['row.id.split(",").reduce((sum, part) => sum + part.length, 0)', 'integer'],
    ['row.hot?.toString()', 'string?'],
    ['row["odd name"]?.length ?? 0', 'integer'],
    ['Math.round(row.size)', 'integer?'],
    ['Math.max(row.n, row.size)', 'number?'],
    ['row.id.split(",").map(Number)[0] ?? 0', 'number?'],
    ['Number(row.id)', 'number?'],
    ['parseInt(row.id, 10)', 'integer?'],
    ['(row.n as any as string)', 'integer'],
    ['{ a: row.n }', 'json'],
    ['[row.n, row.id]', 'json'],
    ['row.n > 1 ? "many" : "one"', 'string'],
    ['row.n > 1 ? "many" : 1', 'json'],
    ['row.tags.first', 'null?'],
    ['row.tags?.length > 2', 'boolean?'],
    ['(() => { let sum = 0; for (const c of row.id) sum += c.length; return sum; })()', 'integer'],
    ['time.hour(row.time)', 'integer'],
    ['time.floor(row.time, "hour")', 'timestamp'],
    ['time.parse(row.id)', 'timestamp?'],
    ['text.title(row["odd name"])', 'string?'],
    ['round(row.size, 2)', 'number?'],
    ['/^a/.test(row.id)', 'boolean'],
  ])('%s is %s', (source, type) => {
    expect(codeAnalysis.expression(source, input).problem).toBeUndefined();
    expect(typeOf(source)).toBe(type);
  });

  it('is what comes out when the expression is run', () => {
    const leaf = fc.constantFrom('row.n', 'row.size', 'row.id', 'row.hot', 'row.time', 'row["odd name"]', 'null', '1', '0.5', '"a"', 'true', 'undefined');
    const { source } = fc.letrec<{ source: string }>((tie) => ({
      source: fc.oneof(
        { maxDepth: 4, depthSize: 'small' },
        leaf,
        fc
          .tuple(tie('source'), fc.constantFrom('-', '*', '/', '%', '>', '===', '&&', '||', '??'), tie('source'))
          .map(([a, operator, b]) => `((${a}) ${operator} (${b}))`),
        fc.tuple(tie('source'), tie('source'), tie('source')).map(([a, b, c]) => `(${a} ? ${b} : ${c})`),
        fc.tuple(fc.constantFrom('!', '-', '+', 'String', 'Math.round', 'Math.abs', 'Number'), tie('source')).map(([f, a]) => `${f}(${a})`),
        fc.tuple(tie('source'), tie('source')).map(([a, b]) => `(Number(${a}) + Number(${b}))`),
        fc.tuple(tie('source'), tie('source')).map(([a, b]) => `(String(${a}) + (${b}))`),
        tie('source').map((a) => `[${a}, 1].map((x) => x)[0]`),
        tie('source').map((a) => `\`\${${a}}\`.length`),
      ),
    }));
    const row = fc.record({
      id: fc.constantFrom('', 'a', '12'),
      n: fc.integer({ min: -3, max: 3 }),
      size: fc.constantFrom(-1.5, 0, 30, null),
      hot: fc.constantFrom(true, false, null),
      time: fc.integer({ min: 0, max: 1e6 }),
      tags: fc.constant(null),
      'odd name': fc.constantFrom('', 'b', null),
    });
    fc.assert(
      fc.property(source, fc.array(row, { minLength: 1, maxLength: 4 }), (source, rows) => {
        const { type, nullable, problem } = codeAnalysis.expression(source, input);
        // Arithmetic on a text is refused; if its type is not known, it fails.
        if (problem?.code === 'code/not-a-number') return;
        expect(problem).toBeUndefined();
        if (type === null) return;
        const run = compileExpression(source, 'x');
        for (const each of rows) {
          let value: unknown;
          try {
            value = run(each as Row);
          } catch (error) {
            expect((error as Error).message).toContain('needs numbers');
            continue;
          }
          expect({ value, ...conformValue(value, { name: 'x', type, nullable }) }).toMatchObject({ ok: true });
        }
      }),
      { numRuns: 2000 },
    );
  });

  it.each([
    ['row.temprature', 'code/unknown-column', 'There is no column "temprature"', [1, 5]],
    ['row.tag', 'code/unknown-column', 'There is no column "tag"; did you mean "tags"?', [1, 5]],
    ['1 +\n  row.sise', 'code/unknown-column', 'There is no column "sise"; did you mean "size"?', [2, 7]],
    ['size > 3', 'code/unknown-name', 'There is no "size"', [1, 1]],
    ['row.n = 3', 'code/changes-row', 'An expression cannot change the row', [1, 1]],
    ['row.n + Math.random()', 'code/not-available', 'Math.random() is not available to code in a pipeline', [1, 9]],
    ['row.n +', 'code/syntax', 'Syntax error: Unexpected token.', [1, 8]],
    ['', 'code/empty', 'The expression is empty.', [1, 1]],
  ] as const)('finds what is wrong in %j', (source, code, message, [line, column]) => {
    expect(codeAnalysis.expression(source, input).problem).toMatchObject({ code, message, range: { line, column } });
  });

  const days: Schema = {
    columns: (['text:string', 'day:date', 'at:timestamp', 'n:integer', 'x:number', 'any:json'] as const).map((each) => {
      const [name, type] = each.split(':') as [string, ColumnType];
      return { name, type, nullable: true };
    }),
  };

  it.each([
    'row.text * 2',
    'row.n - row.text',
    '2 ** row.text',
    'row.text % 3',
    'row.text | 0',
    'row.day - 1',
    'row.day + 1',
    '1 + row.day',
    '-row.text',
    '+row.day',
    'row.text < 5',
    'row.n >= row.text',
    'row.day > row.at',
    'row.text === 5',
    'row.n !== "5"',
    'Math.round(row.text)',
    'Math.max(row.n, row.day)',
    'round(row.text, 2)',
    '[row.n] * 2',
    'row.text.trim() / 2',
  ])('refuses %s, which JavaScript makes NaN, false or a text of in silence', (source) => {
    expect(codeAnalysis.expression(source, days).problem, source).toMatchObject({ code: 'code/not-a-number', hint: expect.anything() });
    const code = `export default (row) => ({ value: ${source} })`;
    expect(codeAnalysis.snippet(code, days, undefined).problem, code).toMatchObject({ code: 'code/not-a-number' });
  });

  it.each([
    'row.text + 1',
    '+row.text',
    'Number(row.text) * 2',
    'row.day < "2026-01-31"',
    'row.text > row.day',
    'row.at - row.n',
    'row.any * 2',
    'row.text === "5"',
    'row.text == 5',
    'row.text.length * 2',
    '"day " + row.day',
    'new Date(row.at) - row.at',
    'time.floor(row.day, "day") + 86400000',
  ])('takes %s', (source) => {
    expect(codeAnalysis.expression(source, days).problem).toBeUndefined();
  });

  it('knows every helper of the library', () => {
    for (const [name, helper] of Object.entries(library)) {
      const calls = typeof helper === 'function' ? [name] : Object.keys(helper).map((key) => `${name}.${key}`);
      for (const call of calls) expect(typeOf(`${call}(row.time)`), call).not.toBe('null?');
    }
  });
});

const columnsOf = (source: string): string | null => {
  const { schema } = codeAnalysis.snippet(source, input);
  return schema?.columns.map(({ name, type, nullable }) => `${name}: ${type}${nullable ? '?' : ''}`).join(', ') ?? null;
};
const step = (body: string) => columnsOf(`export default function step(row: Row) {\n${body}\n}`);

describe('the columns of a snippet', () => {
  it.each([
    ['return { id: row.id, double: row.n * 2 };', 'id: string, double: integer'],
    ['const { tags, time, hot, ["odd name"]: odd, ...rest } = row; return rest;', 'id: string, n: integer, size: number?'],
    ['const out = { id: row.id }; out.n = row.n; if (row.hot) out.hot = "yes"; return out;', 'id: string, n: integer, hot: string?'],
    ['const base = { id: row.id }; const out = { ...base, n: 1 }; delete out.id; return out;', 'n: integer'],
    ['if (row.n > 1) return null; return { n: row.n };', 'n: integer'],
    ['if (row.n > 1) return; else return { n: row.n };', 'n: integer'],
    ['return row.n > 1 && { n: row.n };', null],
    ['return row.n > 1 ? { a: 1 } : { a: 1.5, b: true };', 'a: number, b: boolean?'],
    ['if (row.n > 1) return { a: "x" }; return { a: 1 };', 'a: json'],
    ['if (row.n > 1) return { a: 1 }; return [{ a: 2, b: "x" }];', 'a: integer, b: string?'],
    ['return [{ a: 1 }, { a: 2 }];', 'a: integer'],
    ['return row.id.split(" ").map((word, i) => ({ word, i }));', 'word: string, i: integer'],
    ['return row.id.split(" ").filter(Boolean).flatMap((word) => [{ word }, { word: word.length }]);', 'word: json'],
    ['const out = []; for (const c of row.id) out.push({ c }); return out;', 'c: string'],
    ['const out: { n: number }[] = []; for (let i = 0; i < 3; i++) { if (i === 1) continue; out.push({ n: i }); } return out;', 'n: integer'],
    ['let label = null; switch (row.n) { case 1: label = "one"; break; case 2: label = "two"; } return { label };', 'label: string?'],
    ['let size = 0; try { size = Number(row.id); } catch { return null; } return { size };', 'size: number?'],
    ['if (row.size === null) return null; return { size: row.size };', 'size: number'],
    ['return { ...(row.n > 1 ? { big: true } : {}), id: row.id };', 'big: boolean?, id: string'],
    ['return { ...(row.n > 1 && { big: true }) };', 'big: boolean?'],
    ['return Object.assign({}, { id: row.id }, { n: 1 });', 'id: string, n: integer'],
    ['const key = row.id; return { [key]: 1 };', null],
    ['return { when: new Date(row.time), none: null, list: [1] };', 'when: timestamp, none: json?, list: json'],
    ['return { x: row.tags.x };', null],
    ['row.n = 1.5; return { n: row.n };', 'n: number'],
  ])('%s', (body, columns) => {
    expect(step(body)).toBe(columns);
  });

  it('follows arrow functions, functions that it calls, and variables of the module', () => {
    expect(columnsOf('export default (row: Row) => ({ ...row, tags: undefined })')).toContain('n: integer, size: number?');
    const code =
      'let seen = 0;\nconst label = (n: number) => n > 1 ? "many" : null;\nfunction count() { return ++seen; }\nexport default function (row) { return { seen: count(), label: label(row.n) }; }';
    expect(columnsOf(code)).toBe('seen: integer, label: string?');
    expect(columnsOf('function step(row) { return row.n > 9 ? null : { n: row.n }; }\nexport default step;')).toBe('n: integer');
  });

  it('believes a return type that is written out, and is finer where the code is', () => {
    const body = '{ return row.tags.map((tag) => ({ id: row.id, n: row.n, tag })); }';
    expect(columnsOf(`export default function (row: Row): { id: string; n: number; tag: string }[] ${body}`)).toBe('id: string, n: integer, tag: string?');
    expect(columnsOf(`export default function (row: Row): (Row & { tag: string }) | null ${body}`)).toContain('tags: json?, odd name: string?, tag: string?');
    expect(columnsOf(`export default function (row: Row): Foo[] ${body}`)).toBeNull();
  });

  it('ends for code that calls itself without end', () => {
    expect(columnsOf('function f(x) { return f({ ...x, a: [x] }); }\nexport default function (row) { for (;;) for (;;) for (;;) f(row); }')).toBeNull();
    expect(step('const f = (n) => n ? [...f(n - 1), ...f(n - 2)] : []; return f(50).map(() => ({ a: 1 }));')).toBe('a: integer');
  });

  it.each([
    ['return { x: row.idd };', 'code/unknown-column', [2, 17]],
    ['const { idd } = row; return row;', 'code/unknown-column', [2, 9]],
    ['return { x: helper(row) };', 'code/unknown-name', [2, 13]],
    ['return "text";', 'code/not-a-row', [1, 16]],
    ['const x = 1;', 'code/no-rows', [1, 16]],
    ['return { x: new Date() };', 'code/not-available', [2, 13]],
    ['return { x: new Date(row.id).toLocaleString("de", {}) };', 'code/not-available', [2, 30]],
    ['return { x: row.name["localeCompare"]("b") };', 'code/not-available', [2, 22]],
    ['return { x: row.name.toLocaleLowerCase("tr") };', 'code/not-available', [2, 22]],
    ['return {', 'code/syntax', [3, 1]],
  ] as const)('finds what is wrong in %j', (body, code, [line, column]) => {
    const { problem } = codeAnalysis.snippet(`export default function step(row: Row) {\n${body}\n}`, input);
    expect(problem).toMatchObject({ code, range: { line, column } });
  });
});

describe('the columns of a keyed module', () => {
  const analysed = (source: string, keys = ['id'], declared?: readonly { name: string; type: 'integer' | 'string'; nullable: boolean }[]) =>
    codeAnalysis.keyed(source, { ...input, eventTime: { column: 'time' } }, keys, declared);
  const columnsOf = (source: string) => {
    const { schema, problem } = analysed(source);
    return problem?.message ?? Object.fromEntries((schema?.columns ?? []).map(({ name, type, nullable }) => [name, `${type}${nullable ? '?' : ''}`]));
  };
  const declared = 'interface State { count: number; sum: number; last: string | null; seen: string[]; done: boolean }\n';
  const initial = `${declared}export const initial: State = { count: 0, sum: 0, last: null, seen: [], done: false };\n`;
  const onRow = (body: string, before = initial) => `${before}export function onRow(row: Row, state: State, context: Context) {\n${body}\n}\n`;

  it.each<[string, string, object | string]>([
    [
      'the row and the state',
      onRow('state.count++;\nreturn { ...row, count: state.count };'),
      { id: 'string', n: 'integer', size: 'number?', hot: 'boolean?', time: 'timestamp', tags: 'json?', 'odd name': 'string?', count: 'integer' },
    ],
    [
      'a sum of numbers is a number, and may be null',
      onRow('state.sum += row.size;\nreturn { sum: state.sum, last: state.last };'),
      { sum: 'number?', last: 'string?' },
    ],
    ['a count that is set from elsewhere is no integer', onRow('state.count += row.n;\nreturn { count: state.count };'), { count: 'number?' }],
    [
      'nothing is told of a field where one is assigned by a name that is not known',
      onRow('const name = row.id;\n(state as any)[name] = 0.5;\nreturn { count: state.count };'),
      'The type of the column "count" cannot be inferred from the code',
    ],
    [
      'a field that is deleted',
      onRow(
        'if (row.n > 1) delete state.count;\nreturn { done: state.done };\n}\nexport function onTimer(timer: Timer, state: State) {\nreturn { n: state.count };',
      ),
      { done: 'boolean?', n: 'number?' },
    ],
    ['lists and truth', onRow('return { seen: state.seen, done: state.done };'), { seen: 'json?', done: 'boolean?' }],
    [
      'the context',
      onRow('return { id: context.key.id, at: context.time, mark: context.watermark, ended: context.ended };'),
      { id: 'string', at: 'timestamp', mark: 'timestamp', ended: 'boolean' },
    ],
    [
      'a timer, and what only one of both returns',
      `${onRow('context.setTimer(row.time);\nreturn { id: row.id };')}export function onTimer(timer: Timer, state: State, context: Context) {\n  return { id: context.key.id, due: timer.time };\n}`,
      { id: 'string', due: 'timestamp?' },
    ],
    [
      'only the timer returns rows',
      `${onRow('context.setTimer(row.time);\nreturn null;')}export const onTimer = (timer: Timer, state: State) => ({ name: timer.name, count: state.count });`,
      { name: 'string', count: 'integer' },
    ],
    [
      'a state without a declaration',
      onRow('state.n++;\nreturn { n: state.n, at: state.at };', 'export const initial = { n: 0, at: 0.5 };\n'),
      { n: 'integer', at: 'number?' },
    ],
    [
      'a state that a function makes',
      onRow('return { n: state.n, id: state.id };', 'export const initial = (key: Key) => ({ n: 0, id: "" });\n'),
      { n: 'integer', id: 'string?' },
    ],
    [
      'a written return type',
      `${initial}export function onRow(row: Row, state: State): { id: string; n: number }[] {\n  return JSON.parse("[]");\n}`,
      { id: 'string?', n: 'number?' },
    ],
    [
      'a column of a field that cannot be told',
      onRow('return { x: (state as any).list[0] };', 'export const initial: any = JSON.parse("{}");\n'),
      'The type of the column "x" cannot be inferred from the code',
    ],
    ['a column of the row that is not there', onRow('return { x: row.nn };'), 'There is no column "nn"; did you mean "n"?'],
    ['a key that is not among the keys', onRow('return { x: context.key.id, n: row.n };'), { x: 'string', n: 'integer' }],
  ])('%s', (_, source, columns) => {
    expect(columnsOf(source)).toEqual(columns);
  });

  it('are what is declared, where the code does not say', () => {
    const { schema } = analysed(onRow('return JSON.parse("{}");'), ['id'], [{ name: 'a', type: 'integer', nullable: true }]);
    expect(schema?.columns).toEqual([{ name: 'a', type: 'integer', nullable: true }]);
  });

  it.each([
    ['export default function onRow(row: Row) { return row; }', 'code/export'],
    ['export function onrow(row: Row) { return row; }', 'code/export'],
    ['function onRow(row: Row) { return row; }', 'code/no-function'],
    ['export const onRow = 5;', 'code/no-function'],
    ['export async function onRow(row: Row) { return row; }', 'code/promise'],
    ['export function onRow(row: Row) { return row; }\nexport function* onTimer() {}', 'code/generator'],
    ['function onRow(row: Row) { return row; }\nexport { onRow };', 'code/export'],
    ['import x from "fs";\nexport function onRow(row: Row) { return row; }', 'code/import'],
    ['', 'code/empty'],
  ])('%j is refused', (source, code) => {
    expect(analysed(source).problem).toMatchObject({ code });
    expect(analysed(source).problem!.hint).toMatch(/\S+ \S+/);
  });

  it('warns of variables that a restart would lose', () => {
    expect(analysed(`let total = 0;\n${onRow('total++; return { total };')}`).warning).toMatchObject({
      code: 'code/kept-outside',
      range: { line: 1, column: 1 },
    });
    expect(analysed(`const limit = 5;\n${onRow('return { limit };')}`).warning).toBeUndefined();
  });
});

describe('what was told before', () => {
  it('is remembered for all code of a large pipeline', () => {
    const input = { columns: [{ name: 'x', type: 'integer' as const, nullable: false }] };
    const tell = () => Array.from({ length: 1500 }, (_, index) => codeAnalysis.expression(`row.x + ${index}`, input));
    const first = tell();
    expect(tell().every((answer, index) => answer === first[index])).toBe(true);
  });
});
