import { expect, it } from 'vitest';
import { schema, tryTransform } from '../../test/transform-trial.ts';
import filter from './filter.ts';

const columns = schema({ name: 'string?', size: 'number?' });
const rows = [
  { name: 'a', size: 1 },
  { name: '', size: 0 },
  { name: null, size: null },
];
const inputs = { rows: { schema: columns, rows } };
const where = (expression: string) => tryTransform(filter, { mode: 'expression', where: expression }, { inputs });

it('sends every row to one of its two ports', () => {
  const { kept, rest } = where('row.size === 1').outputs;
  expect(kept).toEqual(rows.slice(0, 1));
  expect(rest).toEqual(rows.slice(1));
});

it('takes a truthy value as met, with a warning where that can be told', () => {
  const { outputs, problems } = where('row.name');
  expect(outputs['kept']).toEqual(rows.slice(0, 1));
  expect(problems).toMatchObject([{ severity: 'warning', field: 'where', message: 'The condition gives a string, not true or false' }]);
});

it('fails rows whose condition is a function or an object', () => {
  const { outputs, failures } = where('row.name?.includes');
  expect(failures.map(({ message }) => message)).toEqual([
    'The condition gave a function, not true or false',
    'The condition gave a function, not true or false',
  ]);
  expect(outputs['rest']).toEqual(rows.slice(2));
});

it('keeps everything without rules, and warns', () => {
  const { outputs, problems } = tryTransform(filter, {}, { inputs });
  expect(outputs['kept']).toEqual(rows);
  expect(problems).toMatchObject([{ severity: 'warning', code: 'filter/no-rules' }]);
});

it('marks a misspelt column in the expression', () => {
  expect(where('row.size > 1 && row.nam === "a"').problems).toMatchObject([
    { field: 'where', range: { line: 1, column: 21 }, message: 'There is no column "nam"; did you mean "name"?' },
  ]);
});
