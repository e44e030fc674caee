import { stripTypeScriptTypes } from 'node:module';
import { expect, test } from 'vitest';
import { withoutPlainTypes } from './plain-types.ts';
import { checkShape } from './shape.ts';
import { stripTypes } from './strip.ts';

const step = (body: string) => `export default function step(row: Row) {\n${body}\n}`;

test.each([
  step('  return row;'),
  'export default function step(row: Row): Row | null { return null; }',
  'export default function step(row: Row, other, zone: time.Zone): void[] | null[] { return []; }',
  'export default (row: Row) => row;',
  'export default function step(row: Row)   : Row /* one */ { return row; }',
  'function half(x: number, y: number[]): number { return x / 2 / y[0]; }\nexport default function step(row: Row) { return { x: half(row.x, []) }; }',
  step('  const x: number = 3; let y: string[] = []; let z: // none\n\tnumber\n = 3; for (let i: number = 0; i < z; i++) y.push(i);'),
  step('  return [1].map((x: number, i) => x / i).map(function (x: number): number { return x; });'),
  step('  return { text: "(a: B) const x: number" + `(a: B) ${((a: B) => a)(1)}`, match: /function f(a: B)/.test(row.text) };'),
  step('  return row.a ? (row) : row.b => row;').replace('row.b =>', 'b =>'),
  // The type ends with the line: what follows is a statement.
  step('  let x: number\n[1].map((a) => a); let y: Row\nstep; let z: Row\n(step); let last: Row |\nnull'),
  'export default function step(row: Row = {}) { switch (row.a) { case row.b: let c: number = 3; } return row; }',
])('plain types are left out as Node does: %s', (source) => {
  const untyped = withoutPlainTypes(source)!;
  expect(checkShape(untyped, 'module')).toMatchObject({ ok: true });
  expect(checkShape(untyped, 'module')).toEqual(checkShape(stripTypeScriptTypes(source), 'module'));
});

test.each([
  step('  return (row.a as number) + row.b!;'),
  step('  type A = number; const f = (a?: A): A => a; return f(row.a);'),
  'export default function step<T>(row: Row): { a: number } { return row.a ? (b): number => b : 3; }',
  'export default function step(row: keyof Row): row is Row { const x: [number, Map<string, Row>] = 3; return row; }',
])('the rest is for the stripper: %s', (source) => {
  expect(checkShape(withoutPlainTypes(source) ?? source, 'module')).toMatchObject({ problem: { code: 'code/syntax' } });
  expect(stripTypes(source, 'module')).toEqual(checkShape(stripTypeScriptTypes(source), 'module'));
});

test.each([
  ['two names', 'export default function step(row: Row Row) { return row; }'],
  ['an open union', 'export default function step(row: Row |) { return row; }'],
  ['a word of the language', 'export default function step(row: typeof) { return row; }'],
])('what is no type is a fault: %s', (_what, source) => {
  expect(stripTypes(source, 'module')).toMatchObject({ problem: { code: 'code/syntax' } });
});

test('code without types has none', () => {
  expect(withoutPlainTypes('export default function step(row) { return row.a ? (row) : { a: (row.b) }; }')).toBeNull();
});
