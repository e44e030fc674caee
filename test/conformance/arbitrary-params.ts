/** Params as a user might leave them half-way: of the right kinds, with odd contents. */

import { conditionOperators, type Field, type Fields } from '@millrace/kit/fields';
import type { Params } from '@millrace/kit/params';
import fc from 'fast-check';
import { columnTypes, type Json, type Schema } from '../../model/values/types.ts';

const columnNames = ['id', 'name', 'time', 'temperature', '', '__proto__', 'a "b"', 'gone'];
const columnName = fc.constantFrom(...columnNames);
const oddText = fc.oneof(fc.constantFrom('', ' ', 'row.id', 'row.', '1', 'id', '*', '[', '\\', '2024-01-31', '../x', "'"), fc.string());

export const arbitrarySchema: fc.Arbitrary<Schema> = fc
  .uniqueArray(fc.record({ name: columnName, type: fc.constantFrom(...columnTypes), nullable: fc.boolean() }), {
    selector: (column) => column.name,
    maxLength: 5,
  })
  .map((columns) => ({ columns }));

export function arbitraryParams(fields: Fields): fc.Arbitrary<Params> {
  const entries = Object.entries(fields).map(([name, field]) => [name, fc.oneof({ arbitrary: arbitraryValue(field), weight: 9 }, fc.jsonValue())]);
  return fc.record(Object.fromEntries(entries), { requiredKeys: [] }) as fc.Arbitrary<Params>;
}

function arbitraryValue(field: Field): fc.Arbitrary<Json> {
  switch (field.kind) {
    case 'number':
    case 'duration':
      return fc.oneof(fc.integer(), fc.double({ noNaN: true, noDefaultInfinity: true }), fc.constantFrom(0, -1, 1e308));
    case 'boolean':
      return fc.boolean();
    case 'choice':
      return fc.constantFrom(...field.options.map((option) => option.value));
    case 'column':
      return columnName;
    case 'columns':
      return fc.array(columnName, { maxLength: 4 });
    case 'keyValue':
      return fc.dictionary(columnName, field.options ? fc.constantFrom(...field.options) : oddText, { maxKeys: 3 });
    case 'list':
      return fc.array(arbitraryParams(field.item), { maxLength: 3 });
    case 'condition':
      return fc.record({
        match: fc.constantFrom('all', 'any'),
        rules: fc.array(fc.record({ column: columnName, operator: fc.constantFrom(...conditionOperators), value: oddText }), { maxLength: 3 }),
      });
    case 'code':
      return fc.oneof(oddText, fc.constantFrom(field.signature, 'export default function step(row: Row) { return { ...row, x: row.id }; }'));
    default:
      return oddText;
  }
}
