import { expect, it, test } from 'vitest';
import { CellFormats } from '../../formats/cells/cell-formats.ts';
import { type BodyKind, bodyKind, rowsOf } from './http-rows.ts';

test('a list may be as long as a body can be', () => {
  const schema = { columns: [{ name: 'id', type: 'integer', nullable: false }] } as const;
  const list = Array.from({ length: 500_000 }, (_, id) => ({ id }));
  const result = rowsOf(JSON.stringify(list), 'json', { schema, extra: 'error', path: [] });
  expect(result).toHaveProperty('rows.length', list.length);
});

const schema = { columns: ['id', 'v'].map((name) => ({ name, type: 'number' as const, nullable: true })) };
const read = (body: string, kind: BodyKind = 'json', path: readonly string[] = []) => rowsOf(body, kind, { schema, extra: 'ignore', path });

test.each([
  ['id=2&v=2.5', 'form', [], [{ id: 2, v: 2.5 }]],
  ['payload=%7B%22id%22%3A3%2C%22v%22%3Anull%7D', 'form', ['payload'], [{ id: 3, v: null }]],
  ['{"data":{"id":7,"v":1}}', 'json', ['data'], [{ id: 7, v: 1 }]],
  ['{"a":[{"b":[{"id":1},{"id":2}]},{"b":[{"id":3}]}]}', 'json', ['a', 'b'], [1, 2, 3].map((id) => ({ id, v: null }))],
  ['{"d":{"id":1}}\n{"d":{"id":2}}', 'lines', ['d'], [1, 2].map((id) => ({ id, v: null }))],
  ['[]', 'json', ['d'], []],
  ['{"id":null,"v":1}', 'json', [], [{ id: null, v: 1 }]],
] as const)('%s as %s at %j', (body, kind, path, rows) => {
  expect(read(body, kind, path)).toEqual({ rows });
});

test.each([
  ['{"data":{"id":7,"v":1}}', [], 400, 'http/no-values', 'a value for none of the columns ("id", "v"); its keys are "data"'],
  ['{"ID":8,"V":1}', [], 400, 'http/no-values', 'its keys are "ID", "V"'],
  ['[{"id":null,"v":null}]', [], 400, 'http/no-values', 'none of the columns'],
  ['{"items":[{"id":1}]}', ['data'], 400, 'http/no-records', 'nothing at "data" in the body; its keys are "items"'],
  ['[{"id":1},{"x":1}]', [], 422, 'http/rows', 'Row 1: it has none of the columns'],
  ['{"id":1,"id":2}', [], 422, 'http/rows', 'a key twice'],
] as const)('%s at %j is refused with the reason', (body, path, status, code, message) => {
  expect(read(body, 'json', path)).toMatchObject({ status, code, message: expect.stringContaining(message) });
});

test('fields of forms and texts of JSON are read in the formats of their columns', () => {
  const formats = new CellFormats([
    { column: 'id', type: 'number', missing: '-' },
    { column: 'v', type: 'number', numbers: 'marked', units: '€' },
  ]);
  const inFormats = (body: string, kind: BodyKind) => rowsOf(body, kind, { schema, formats, extra: 'ignore', path: [] });
  expect(inFormats('id=-&v=1.299,99%20%E2%82%AC', 'form')).toEqual({ rows: [{ id: null, v: 1299.99 }] });
  expect(inFormats('[{"id":1,"v":"0,5"},{"id":2,"v":1.299}]', 'json')).toEqual({
    rows: [
      { id: 1, v: 0.5 },
      { id: 2, v: 1.299 },
    ],
  });
  const message = expect.stringContaining('column "v" is of type number: "12.5" is not a number such as -1.234,5 €');
  expect(inFormats('[{"id":1,"v":"12.5"}]', 'json')).toMatchObject({ status: 422, message });
});

test('the kind of a body goes by its type', () => {
  expect(bodyKind('application/cloudevents+json; charset=utf-8')).toBe('json');
  expect(bodyKind('application/x-www-form-urlencoded')).toBe('form');
  expect(bodyKind('application/x-ndjson')).toBe('lines');
  expect(['application/ndjson', 'text/x-ndjson', 'application/jsonl'].map(bodyKind)).toEqual(['lines', 'lines', 'lines']);
  expect(['text/json', 'application/x-json', 'application/vnd.api+json'].map(bodyKind)).toEqual(['json', 'json', 'json']);
  expect([bodyKind('text/plain'), bodyKind(undefined)]).toEqual(['text', 'text']);
  expect(['application/jsonx', 'application/xml', 'multipart/form-data'].map(bodyKind)).toEqual([null, null, null]);
});

it('takes JSON that calls itself text or a form', () => {
  expect(read('\ufeff[{"id":5}]', 'text')).toMatchObject({ rows: [{ id: 5 }] });
  expect(read('{"id":1}\n{"id":2}\n', 'text')).toMatchObject({ rows: [{ id: 1 }, { id: 2 }] });
  expect(read('{"id":6}', 'form')).toMatchObject({ rows: [{ id: 6 }] });
  expect(read('id=7', 'text')).toMatchObject({ status: 400, code: 'http/not-json' });
});
