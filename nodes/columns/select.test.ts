import { expect, it } from 'vitest';
import { schema, tryTransform } from '../../test/transform-trial.ts';
import select from './select.ts';

const columns = schema({ id: 'integer', text: 'string', time: 'timestamp', note: 'string?' });
const rows = ['12', '', 'x', '9007199254740993'].map((text, id) => ({ id, text, time: id * 1000, note: null }));
const pick = (column: string, type = 'keep', name: string | null = null) => ({ column, name, type });

it('fails rows that cannot be cast, and says which column and value it was', () => {
  const { outputs, failures, schemas } = tryTransform(select, { columns: [pick('text', 'integer')] }, { inputs: { rows: { schema: columns, rows } } });
  expect(outputs['rows']).toEqual([{ text: 12 }, { text: null }]);
  expect(failures.map(({ message, field }) => [message, field])).toEqual([
    ['"x" is not a whole number (column "text")', 'columns.0.type'],
    ['"9007199254740993" is beyond 2^53, where whole numbers would be rounded (column "text")', 'columns.0.type'],
  ]);
  expect(schemas['rows']).toEqual(schema({ text: 'integer?' }));
});

it('makes null of them when told so', () => {
  const { outputs, failures } = tryTransform(
    select,
    { columns: [pick('text', 'integer')], uncastable: 'null' },
    { inputs: { rows: { schema: columns, rows } } },
  );
  expect(outputs['rows']).toEqual([{ text: 12 }, { text: null }, { text: null }, { text: null }]);
  expect(failures).toEqual([]);
});

it('takes a column twice, casts a time to text, and keeps the others behind', () => {
  const params = { columns: [pick('time', 'string', 'iso'), pick('time')], others: 'keep' };
  const { outputs, schemas } = tryTransform(select, params, { inputs: { rows: { schema: columns, rows: rows.slice(0, 1) } } });
  expect(Object.entries(outputs['rows']![0]!)).toEqual([
    ['iso', '1970-01-01T00:00:00.000Z'],
    ['time', 0],
    ['id', 0],
    ['text', '12'],
    ['note', null],
  ]);
  expect(schemas['rows']).toEqual(schema({ iso: 'string', time: 'timestamp', id: 'integer', text: 'string', note: 'string?' }));
});

it.each([
  [{ columns: [] }, 'columns', 'No column is selected'],
  [{ columns: [pick('id'), pick('text', 'keep', 'id')] }, 'columns.1.name', 'Two columns would be called "id"'],
  [{ columns: [pick('ide')] }, 'columns.0.column', 'There is no column "ide"; did you mean "id"?'],
])('tells what is wrong with %j', (params, field, message) => {
  const { problems } = tryTransform(select, params, { inputs: { rows: { schema: columns, rows: [] } } });
  expect(problems).toMatchObject([{ severity: 'error', field, message }]);
});
