import { expect, it } from 'vitest';
import { schema, tryTransform } from '../../test/transform-trial.ts';
import code from './code.ts';

const columns = schema({ id: 'integer', tags: 'json?' });
const rows = [
  { id: 1, tags: ['x', 'y'] },
  { id: 2, tags: null },
];
const run = (body: string, declared: readonly { name: string; type: string }[] = []) =>
  tryTransform(code, { code: `export default function step(row: Row) {\n${body}\n}`, columns: declared }, { inputs: { rows: { schema: columns, rows } } });

it('passes a row on that the function returns as it is', () => {
  expect(run('return row;').outputs['rows']).toEqual(rows);
});

it('lets the function change a copy of its row, never the row itself', () => {
  const { outputs, schemas } = run('row.id = row.id * 2; row.tags = null; return row;');
  expect(outputs['rows']).toEqual([
    { id: 2, tags: null },
    { id: 4, tags: null },
  ]);
  expect(rows[0]).toEqual({ id: 1, tags: ['x', 'y'] });
  expect(schemas['rows']!.columns.map(({ name }) => name)).toEqual(['id', 'tags']);
});

it('takes declared columns where the code does not show a type', () => {
  const body = 'return (row.tags ?? []).map((tag) => ({ id: row.id, tag }));';
  expect(run(body).problems).toMatchObject([
    { code: 'code/unknown-type', field: 'code', message: 'The type of the column "tag" cannot be inferred from the code' },
  ]);
  const { outputs, schemas } = run(body, [{ name: 'tag', type: 'string' }]);
  expect(schemas['rows']).toEqual(schema({ id: 'integer', tag: 'string?' }));
  expect(outputs['rows']).toEqual([
    { id: 1, tag: 'x' },
    { id: 1, tag: 'y' },
  ]);
});

it('fills a column that only some returns have with null', () => {
  const { outputs, schemas } = run('return row.id === 1 ? { id: 1, first: true } : { id: row.id };');
  expect(schemas['rows']).toEqual(schema({ id: 'integer', first: 'boolean?' }));
  expect(outputs['rows']).toEqual([
    { id: 1, first: true },
    { id: 2, first: null },
  ]);
});

it.each([
  ['return JSON.parse("3");', 'The function returned a number, which is not a row'],
  ['return [JSON.parse("[]")];', 'The function returned a list inside a list, which is not a row'],
  ['return JSON.parse(`{ "id": 1, "extra": 2 }`);', 'The code returned a column "extra" that is not among its columns (id)'],
  ['return { id: JSON.parse(`"text"`) };', 'Column "id" is of type integer'],
])('fails the row for: %s', (body, message) => {
  const { failures, problems } = run(body, [{ name: 'id', type: 'integer' }]);
  expect(problems).toEqual([]);
  expect(failures.map((failure) => failure.message)).toEqual([expect.stringContaining(message), expect.stringContaining(message)]);
});

it.each([
  ['return row.idd;', 'There is no column "idd"; did you mean "id"?', { line: 2, column: 12 }],
  ['return { id: row.id', 'Syntax error', { line: 3 }],
  ['return 5;', 'The function returns a number, which is not a row', { line: 1 }],
  ['return { ...row, x: later };', 'There is no "later"', { line: 2, column: 21 }],
])('tells what is wrong with: %s', (body, message, range) => {
  expect(run(body).problems).toMatchObject([{ severity: 'error', field: 'code', message: expect.stringContaining(message) as string, range }]);
});

it('tells on its card what the code does, however it is laid out', () => {
  const card = (source: string) => code.card!({ code: source, columns: [] });
  expect(card('export default function step(row: Row) {\n  return { ...row, x: 1 };\n}\n')).toBe('return { ...row, x: 1 };');
  expect(card('export default function step(row: Row) { return { ...row, x: 1 }; }')).toBe('return { ...row, x: 1 };');
});
