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
    `const hour = 60 * 60_000;\nconst day = 24 * hour;\nconst least = { n: -Infinity, k: undefined };\n${step('return { d: row.t / day, n: least.n };')}`,
  ])('%s', (code) => {
    expect(keepsNothing(code, 'module')).toBe(true);
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
    `const lists = { a: [0] };\n${step('lists.a.push(row.n); return row;')}`,
    `const lists = { a: [0] };\n${step('const { a } = lists; return { a };')}`,
    'this is no code',
  ])('not %s', (code) => {
    expect(keepsNothing(code, 'module')).toBe(false);
  });
});

const onRow = (body: string) => `export function onRow(row: Row, state: State, context: Context) { ${body} }`;

describe('a keyed module that keeps nothing but its state', () => {
  it.each([
    onRow('return row;'),
    `interface State { n: number }\nexport const initial: State = { n: 0 };\n${onRow('state.n++; return { n: state.n };')}`,
    `export const initial = { seen: [], last: { at: null, n: [1] } };\n${onRow('state.seen.push(row.n); state.last.n = 2; return row;')}`,
    `export const initial = (key: Key) => ({ list: [key.k] });\n${onRow('state.list.push(row.n); return row;')}`,
    `${onRow('context.setTimer(row.t); return null;')}\nexport function onTimer(timer: Timer, state: State) { return { at: timer.time }; }`,
  ])('%s', (code) => {
    expect(keepsNothing(code, 'keyed')).toBe(true);
  });
  it.each([
    `let n = 0;\n${onRow('return { n: n++ };')}`,
    `const seen = [];\n${onRow('seen.push(row.k); return { n: seen.length };')}`,
    `export const initial = { n: 0 };\n${onRow('initial.n++; return { n: initial.n };')}`,
    `export const initial = { seen: [[0]] };\n${onRow('initial.seen[0].push(row.n); return row;')}`,
    `export const initial = { seen: [[0]] };\n${onRow('const { seen } = initial; seen[0].push(row.n); return row;')}`,
    `export let initial = { n: 0 };\n${onRow('initial = { n: row.n }; return row;')}`,
    `const kept = { n: 0 };\nexport const initial = kept;\n${onRow('return row;')}`,
    `${onRow('onRow.n = (onRow.n ?? 0) + 1; return { n: onRow.n };')}`,
  ])('not %s', (code) => {
    expect(keepsNothing(code, 'keyed')).toBe(false);
  });
});
