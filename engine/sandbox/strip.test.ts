import { describe, expect, test } from 'vitest';
import { stripTypes } from './strip.ts';

const code = (source: string, kind: 'expression' | 'module' = 'expression') => {
  const stripped = stripTypes(source, kind);
  if (!stripped.ok) throw new Error(JSON.stringify(stripped.problem));
  return stripped.code;
};
const problem = (source: string, kind: 'expression' | 'module' = 'expression') => {
  const stripped = stripTypes(source, kind);
  if (stripped.ok) throw new Error(`accepted: ${stripped.code}`);
  return stripped.problem;
};
const step = (body: string) => `export default function step(row: Row) {\n${body}\n}`;

describe('what is left', () => {
  test('plain JavaScript stays as it is', () => {
    expect(code('row.a > 3 && row.b === "x"')).toBe('row.a > 3 && row.b === "x"');
    expect(code('{ a: row.a }')).toBe('{ a: row.a }');
    expect(code('({ a: row.a })')).toBe('({ a: row.a })');
    expect(code('((row.a) + 1) // end')).toBe('((row.a) + 1)       ');
  });
  test('types become blanks, so that positions stay', () => {
    expect(code('(row.a as number) > 3')).toBe('(row.a          ) > 3');
    const source = step('  const x: number = row.a!;\n  return { x } satisfies object;');
    const stripped = code(source, 'module');
    expect(stripped).toHaveLength(source.length);
    expect(stripped.split('\n')).toHaveLength(source.split('\n').length);
    expect(stripped.indexOf('return')).toBe(source.indexOf('return'));
  });
  test('comments become blanks, texts that look like comments do not', () => {
    expect(code('row.a /* import( */ + "// no" // -->')).toBe(`row.a ${' '.repeat(13)} + "// no" ${' '.repeat(6)}`);
    expect(code('// first\nrow.a')).toBe('        \nrow.a');
  });
  test('type imports vanish', () => {
    expect(code(`import type { A } from 'a';\n${step('return row')}`, 'module')).toContain('export default function step(row     )');
  });
});

describe('what is refused, with its place', () => {
  test('an empty source', () => {
    expect(problem(' \n ').code).toBe('code/empty');
    expect(problem('', 'module').code).toBe('code/empty');
  });
  test.each([
    ['row.a >', 1, 8],
    ['row.a > > 3', 1, 9],
    ['row.a\n  + ) 3', 2, 5],
    ['\t(row.a as number) 4', 1, 20],
    ['"日本" + (row.b as string) 4', 1, 26],
    ['row.a; row.b', 1, 6],
    ['row.a) || (row.b', 1, 6],
  ])('%j', (source, line, column) => {
    const { code, range } = problem(source);
    expect(code).toBe('code/syntax');
    expect(range).toMatchObject({ line, column });
  });
  test('a syntax error in a snippet', () => {
    expect(problem(step('  retrn { a: 1 };'), 'module')).toMatchObject({ code: 'code/syntax', range: { line: 2, column: 9 } });
  });
  test('TypeScript that is more than annotations', () => {
    expect(problem(`enum A { x }\n${step('return row')}`, 'module')).toMatchObject({ code: 'code/unsupported', range: { line: 1, column: 1 } });
    expect(problem(step('  return <Row>row;'), 'module')).toMatchObject({ code: 'code/unsupported', range: { line: 2 } });
  });
  test.each([
    [`import fs from 'fs';\n${step('return row')}`, 'code/import', 1, 1],
    [step('  return import("fs");'), 'code/import', 2, 10],
    [step('  return import.meta;'), 'code/import', 2, 10],
    [step('  return eval("1");'), 'code/eval', 2, 10],
    [`export const a = 1;\n${step('return row')}`, 'code/export', 1, 1],
    ['function step(row: Row) { return row; }', 'code/no-function', 1, 1],
    ['\nexport default 3;', 'code/no-function', 2, 16],
    ['export default async function step(row: Row) { return row; }', 'code/promise', 1, 16],
    ['export default function* step(row: Row) { yield row; }', 'code/generator', 1, 16],
    [step('  while (row.a-->0) {}'), 'code/html-comment', 2, 15],
  ])('%j', (source, expected, line, column) => {
    expect(problem(source, 'module')).toMatchObject({ code: expected, range: { line, column } });
  });
});
