import { describe, expect, it } from 'vitest';
import { keepsNothing } from './keeps-nothing.ts';

const step = (body: string) => `export default function step(row: Row) { ${body} }`;

describe('code that keeps nothing between rows', () => {
  it.each([
    step('return { ...row, twice: row.n * 2 };'),
    step('const out = { ...row }; out.n += 1; row.x = 2; return out;'),
    `const limit = 10;\nconst low = -1;\n${step('return row.n > limit ? { n: low } : row;')}`,
    `const names = { a: 'A', b: 'B' };\n${step('return { ...row, name: names[row.k] ?? "other" };')}`,
    `const steps = [1, 2, 3];\n${step('const s = steps[row.n]; return { s };')}`,
    `const pattern = /^a+$/i;\n${step('return { ok: pattern.test(row.k), m: row.k.replace(pattern, "") };')}`,
    `function half(n: number) { return n / 2; }\nconst twice = (n: number) => n * 2;\n${step('return { n: half(twice(row.n)) };')}`,
    'export default (row: Row) => ({ n: row.n });',
  ])('%s', (code) => {
    expect(keepsNothing(code)).toBe(true);
  });
  it.each([
    `let seen = 0;\n${step('return { ...row, i: seen++ };')}`,
    `const seen = new Set();\n${step('return seen.has(row.k) ? [] : row;')}`,
    `const counts = {};\n${step('counts[row.k] = (counts[row.k] ?? 0) + 1; return { n: counts[row.k] };')}`,
    `const list = [0];\n${step('list.push(row.n); return { n: list.length };')}`,
    `const list = [0];\n${step('const same = list; same[0] += 1; return { n: list[0] };')}`,
    `const list = [0];\n${step('[list[0]] = [row.n]; return row;')}`,
    `const list = [0];\n${step('list[0]++; return row;')}`,
    `const list = [0];\n${step('delete list[0]; return row;')}`,
    `const list = [0];\n${step('for (list[0] of [row.n]) ; return row;')}`,
    `const list = [0];\n${step('({ n: list[0] } = row); return row;')}`,
    `const list = [0];\nfunction keep(to: number[], n: number) { to[0] = n; }\n${step('keep(list, row.n); return row;')}`,
    step('step.n = (step.n ?? 0) + 1; return { n: step.n };'),
    step('const self = step; self.n = 1; return row;'),
    `const add = (() => { let n = 0; return () => ++n; })();\n${step('return { n: add() };')}`,
    `const pattern = /a/g;\n${step('return { ok: pattern.test(row.k) };')}`,
    'export default (() => { let n = 0; return (row: Row) => ({ n: n++ }); })();',
    'export default (function own(row: Row) { own.n = (own.n ?? 0) + 1; return { n: own.n }; });',
    `{ var n = 0; }\n${step('return { n: n++ };')}`,
    `class Kept { static n = 0; }\n${step('return { n: Kept.n++ };')}`,
    'this is no code',
  ])('not %s', (code) => {
    expect(keepsNothing(code)).toBe(false);
  });
});
