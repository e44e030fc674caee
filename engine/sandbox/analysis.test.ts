import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compileExpression } from '../../test/conformance/users-code.ts';
import { schema } from '../../test/transform-trial.ts';
import type { Row } from '../schema/types.ts';
import { conformValue } from '../schema/values.ts';
import { codeAnalysis } from './analysis.ts';
import { library } from './library.ts';

const input = schema({ id: 'string', n: 'integer', size: 'number?', hot: 'boolean?', time: 'timestamp', tags: 'json?', 'odd name': 'string?' });
const typeOf = (source: string): string => {
  const { type, nullable } = codeAnalysis.expression(source, input);
  return `${type}${nullable ? '?' : ''}`;
};

describe('the type of an expression', () => {
  it.each([
    ['row.size > 30 && row.n === 2', 'boolean'],
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
    ['row.tags?.length > 2', 'boolean'],
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
        expect(problem).toBeUndefined();
        if (type === null) return;
        const run = compileExpression(source, 'x');
        for (const each of rows) {
          const value = run(each as Row);
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
    ['return {', 'code/syntax', [3, 1]],
  ] as const)('finds what is wrong in %j', (body, code, [line, column]) => {
    const { problem } = codeAnalysis.snippet(`export default function step(row: Row) {\n${body}\n}`, input);
    expect(problem).toMatchObject({ code, range: { line, column } });
  });
});
