import fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { Schema } from '../../model/values/types.ts';
import { TypeChecker, type TypedCode } from './typecheck.ts';

const input: Schema = {
  columns: [
    { name: 'region', type: 'string', nullable: true },
    { name: 'temperature', type: 'number', nullable: true },
    { name: 'at the time', type: 'timestamp', nullable: false },
  ],
};
let checker: TypeChecker;
beforeAll(async () => {
  checker = await TypeChecker.load();
});

const expression = (source: string): TypedCode => ({ node: 'hot', field: 'where', kind: 'expression', source, input });
const module = (source: string): TypedCode => ({ node: 'step', field: 'code', kind: 'module', source, input });

const keyed = (source: string): TypedCode => ({ node: 'keyed', field: 'code', kind: 'keyed', source, input, keys: ['region'] });

describe('TypeChecker', () => {
  describe('given code that refers to files', () => {
    const folder = fs.mkdtempSync(join(tmpdir(), 'millrace-types-'));
    const secret = join(folder, 'secret.ts');
    fs.writeFileSync(secret, 'declare const secret: "of a file";\nexport type Secret = "of a file";\n');
    afterAll(() => fs.rmSync(folder, { recursive: true, force: true }));
    const body = 'export default function step(row: Row) { const x: number = secret; return { x }; }';
    const ways = {
      'a path': `/// <reference path="${secret}" />\n${body}`,
      'a relative path': `/// <reference path="../../../../../../../..${secret}" />\n${body}`,
      types: `/// <reference types="${secret.slice(0, -3)}" />\n${body}`,
      'a library': `/// <reference lib="../../../..${folder}/secret" />\n${body}`,
      'the library of browsers': '/// <reference lib="dom" />\nexport default (row: Row) => document.title;',
      'an import': `import { Secret } from "${secret}";\nexport default (row: Row) => { const x: Secret = 1; return { x }; };`,
      'the type of an import': `export default (row: Row) => { const x: import("${secret}").Secret = 1; return { x }; };`,
      'an import of data': `import text from "${folder}/package.json" with { type: "json" };\nexport default (row: Row) => text;`,
      'a package': 'import type { z } from "zod";\nexport default (row: Row) => row;',
      'what is required': `const x = require("${secret}");\nexport default (row: Row) => x;`,
      'documentation of types': `/** @type {import("${secret}").Secret} */\nexport default (row: Row) => secret;`,
    };

    it.each(Object.entries(ways))('by %s, asks nothing of the disk', (_way, source) => {
      const names = Object.keys(fs).filter((name) => typeof fs[name as 'openSync'] === 'function' && /^[a-z]/.test(name)) as 'openSync'[];
      const asked: unknown[] = [];
      const spies = names.map((name) => vi.spyOn(fs, name).mockImplementation((...args) => asked.push([name, ...args])));
      try {
        const problems = checker.check([{ ...module(source), node: `../../..${folder}/secret` }]);
        expect(JSON.stringify(problems)).not.toContain('of a file');
        expect(problems).not.toEqual([]);
      } finally {
        for (const spy of spies) spy.mockRestore();
      }
      expect(asked).toEqual([]);
    });
  });

  it('accepts right code, and in expressions what may be null: there it gives null', () => {
    expect(
      checker.check([
        expression('row.temperature > 30 && row.region === null'),
        expression('row["at the time"] + 1 // a comment'),
        expression('row.region.split(",").find((each) => each > "a").length'),
        expression('Math.round(text.number(row.region))'),
        module('export default function step(row: Row) {\n  return { ...row, t: row.temperature?.toFixed(1) ?? null };\n}'),
      ]),
    ).toEqual([]);
  });

  it.each([
    ['row.temperature * 2', "'row.temperature' is possibly 'null'.", 15, 30],
    ['row.region.trim()', "'row.region' is possibly 'null'.", 15, 25],
    ['Math.round(row.temperature)', "Argument of type 'number | null' is not assignable to parameter of type 'number'.", 26, 41],
  ])('tells that code with statements may meet null in %s', (value, message, column, endColumn) => {
    expect(checker.check([module(`export default function step(row: Row) {\n  return { x: ${value} };\n}`)])).toMatchObject([
      { severity: 'error', message: expect.stringContaining(message), hint: expect.stringContaining('value ?? 0'), range: { line: 2, column, endColumn } },
    ]);
  });

  it('takes a column of which no null was seen for one that has none', () => {
    const full: Schema = { columns: [{ name: 'qty', type: 'integer', nullable: true, nulls: 'unseen' }] };
    expect(checker.check([{ ...module('export default (row: Row) => ({ x: row.qty * 2 })'), input: full }])).toEqual([]);
  });

  it('tells where an expression is wrong, in its own lines and columns', () => {
    expect(checker.check([expression('row.region === "north" &&\n  row.temprature > 3')])).toEqual([
      {
        code: 'code/type',
        severity: 'error',
        message: "Property 'temprature' does not exist on type 'Row'. Did you mean 'temperature'?",
        hint: 'The columns here are: region, temperature, at the time.',
        node: 'hot',
        field: 'where',
        range: { line: 2, column: 7, endLine: 2, endColumn: 17 },
      },
    ]);
  });

  it('tells where a snippet is wrong, also inside a returned value', () => {
    const [problem, ...rest] = checker.check([module('export default function step(row: Row) {\n  return { x: row.nope };\n}')]);
    expect(rest).toEqual([]);
    expect(problem).toMatchObject({ node: 'step', field: 'code', range: { line: 2, column: 19 } });
  });

  it('names the columns only where one of them was meant', () => {
    const source = 'export const initial = { n: 0 };\nexport function onRow(row: Row, state: typeof initial) {\n  return { n: state.m };\n}';
    expect(checker.check([keyed(source)])).toMatchObject([{ message: expect.stringContaining("'m'"), hint: 'Fix the code where it is marked.' }]);
  });

  it('forgets what was mended and sees changed columns', () => {
    expect(checker.check([expression('row.b')])).toHaveLength(1);
    expect(checker.check([{ ...expression('row.b'), input: { columns: [{ name: 'b', type: 'json', nullable: true }] } }])).toEqual([]);
  });

  it('keeps pieces apart and knows no globals of the engine', () => {
    expect(checker.check([module('const a = 1;\nexport default (row: Row) => a;'), module('const a = "x";\nexport default (row: Row) => a;')])).toEqual([]);
    expect(checker.check([expression('process.exit(1)')])).toMatchObject([{ code: 'code/type' }]);
  });

  it('leaves syntax errors to the check of the pipeline', () => {
    expect(checker.check([expression('row. >'), module('export default function (row: Row) { return ')])).toEqual([]);
  });

  describe('of a keyed module', () => {
    const module = (onRow: string, rest = '') =>
      `interface State { count: number; last: string | null }
export const initial: State = { count: 0, last: null };
export function onRow(row: Row, state: State, context: Context) {
  ${onRow}
}
${rest}`;

    it('knows Row, State, Context, Key and Timer', () => {
      const onTimer =
        'export function onTimer(timer: Timer, state: State, context: Context) {\n  return { region: context.key.region, at: timer.time, n: state.count };\n}';
      const onRow =
        "state.count += row.temperature ?? 0;\n  state.last = context.key.region;\n  context.setTimer((context.time ?? 0) + 1, 'x');\n  context.forget();\n  return null;";
      expect(checker.check([keyed(module(onRow, onTimer))])).toEqual([]);
    });

    it.each([
      ['state.cuont++;', "Property 'cuont' does not exist on type 'State'", { line: 4, column: 9 }],
      ['state.count = row.region ?? "";', "Type 'string' is not assignable to type 'number'", { line: 4, column: 3 }],
      ['return context.key.temperature;', "Property 'temperature' does not exist on type 'Key'", { line: 4, column: 22 }],
      ["context.setTimer('soon');", "Argument of type 'string' is not assignable to parameter of type 'number'", { line: 4, column: 20 }],
      ['context.watermark = 5;', "Cannot assign to 'watermark' because it is a read-only property", { line: 4, column: 11 }],
      ['row.region = "x";', "Cannot assign to 'region' because it is a read-only property", { line: 4, column: 7 }],
    ])('tells what is wrong with %s', (onRow, message, range) => {
      expect(checker.check([keyed(module(onRow))])).toMatchObject([{ message: expect.stringContaining(message) as string, range }]);
    });

    it('takes the type of a state that nobody declared from its beginning, be it a value or a function', () => {
      const onRow = 'export function onRow(row: Row, state: State) { return state.count.toFixed(1) + state.nope; }';
      for (const initial of ['{ count: 0 }', '(key: Key) => ({ count: key.region?.length ?? 0 })']) {
        expect(checker.check([keyed(`export const initial = ${initial};\n${onRow}`)])).toMatchObject([
          { message: expect.stringContaining("'nope'") as string },
        ]);
      }
      expect(checker.check([keyed('export function onRow(row: Row, state: State) { return state.anything; }')])).toEqual([]);
    });
  });
});
