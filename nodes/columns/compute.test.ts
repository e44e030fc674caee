import { expect, it } from 'vitest';
import { schema, tryTransform } from '../../test/transform-trial.ts';
import compute from './compute.ts';

const columns = schema({ id: 'integer', name: 'string?', payload: 'json?' });
const input = (...rows: { id: number; name: string | null; payload: null }[]) => ({ inputs: { rows: { schema: columns, rows } } });
const column = (name: string, expression: string, type = 'auto') => ({ name, expression, type });

it('shows each expression the columns above it, and keeps a replaced column in its place', () => {
  const params = { columns: [column('id', 'row.id * 10'), column('next', 'row.id + 1'), column('half', 'row.next / 2')] };
  const { outputs, schemas } = tryTransform(compute, params, input({ id: 1, name: 'a', payload: null }));
  expect(outputs['rows']).toEqual([{ id: 10, name: 'a', payload: null, next: 11, half: 5.5 }]);
  expect(Object.keys(outputs['rows']![0]!)).toEqual(['id', 'name', 'payload', 'next', 'half']);
  expect(schemas['rows']).toEqual(schema({ id: 'integer', name: 'string?', payload: 'json?', next: 'integer', half: 'number' }));
});

it('makes null of NaN and of the infinities, and milliseconds of a Date', () => {
  const params = { columns: [column('ratio', 'row.id / (row.id - 1)'), column('date', 'new Date(row.id)')] };
  const { outputs, schemas } = tryTransform(compute, params, input({ id: 1, name: null, payload: null }, { id: 3, name: null, payload: null }));
  expect(outputs['rows']).toMatchObject([
    { ratio: null, date: 1 },
    { ratio: 1.5, date: 3 },
  ]);
  expect(schemas['rows']!.columns.slice(3)).toEqual(schema({ ratio: 'number?', date: 'timestamp' }).columns);
});

it('fails the rows alone whose value does not fit, or whose expression throws', () => {
  const rows = input({ id: 1, name: 'a', payload: null }, { id: 2, name: null, payload: null }, { id: 3, name: 'c', payload: null });
  const { outputs, failures } = tryTransform(compute, { columns: [column('upper', 'row.id === 3 ? 3 : row.name.toUpperCase()', 'string')] }, rows);
  expect(outputs['rows']).toMatchObject([{ id: 1, upper: 'A' }]);
  expect(failures.map(({ row, field }) => [row!['id'], field])).toEqual([
    [2, undefined],
    [3, 'columns.0.expression'],
  ]);
});

it.each([
  [[column('x', 'row.nmae')], 'columns.0.expression', 'There is no column "nmae"; did you mean "name"?'],
  [[column('x', 'row.later'), column('later', '1')], 'columns.0.expression', 'There is no column "later"'],
  [[column('x', 'row.payload.size')], 'columns.0.type', 'The type of "x" cannot be inferred from its expression'],
  [[column('x', '1'), column('x', '2')], 'columns.1.name', 'Two columns would be called "x"'],
  [[column('x', 'row.id +')], 'columns.0.expression', 'Syntax error'],
  [[column('x', 'Date.now()')], 'columns.0.expression', 'Date.now() is not available to code in a pipeline'],
])('tells what is wrong with %j', (given, field, message) => {
  const { problems } = tryTransform(compute, { columns: given }, input());
  expect(problems).toMatchObject([{ severity: 'error', field, message: expect.stringContaining(message) as string }]);
});

it.each([
  'row.next + 1',
  'row["next"] + 1',
  "row ['next'] + 1",
  'row?.next + 1',
  '{ ...row }.next + 1',
  'row["ne" + "xt"] + 1',
  'row["\\u006eext"] + 1',
  '(({ next }) => next + 1)(row)',
])('shows the column above to %s', (expression) => {
  const { outputs } = tryTransform(
    compute,
    { columns: [column('next', 'row.id + 1'), column('x', expression, 'integer')] },
    input({ id: 1, name: null, payload: null }),
  );
  expect(outputs['rows']).toMatchObject([{ next: 2, x: 3 }]);
});
