import { type Params, validateParams } from '@millrace/kit/params';
import { describe, expect, it } from 'vitest';
import type { Schema } from '../../model/values/types.ts';
import { definitions } from '../../nodes/index.ts';
import { lower } from './lower.ts';

const rows: Schema = {
  columns: [
    { name: 'id', type: 'integer', nullable: false },
    { name: 'text', type: 'string', nullable: true },
    { name: 'list', type: 'json', nullable: true },
  ],
};

function lowered(type: string, given: Params) {
  const definition = definitions.find((each) => each.type === type)!;
  return lower(definition, validateParams(definition.params, given, { rows }).params, { rows });
}

describe('an operation says what is meant, and nothing else', () => {
  it.each<[string, Params, Params]>([
    ['parse', { columns: [{ column: 'text', as: 'time' }] }, { columns: [{ column: 'text', as: 'time', units: 'EUR', yes: 'ja', name: 'text' }], marks: ' ' }],
    ['split', { column: 'text', delimiter: '\t', into: 'rows' }, { column: 'text', delimiter: '\\t', into: 'rows', surplus: 'fail', pattern: 'a', keep: true }],
    ['extract', { by: 'common', column: 'text' }, { by: 'common', column: 'text', logZone: 'Europe/Berlin', pattern: 'a', types: { a: 'json' } }],
    ['replace', { what: 'nulls', marks: 'a, b' }, { what: 'nulls', marks: ' a,b ', find: 'x', others: 'fail', columns: ['text'] }],
    ['explode', { column: 'list', name: 'list' }, { column: 'list', name: null, fields: [{ path: 'a', name: null, type: 'string' }] }],
    ['unpivot', { keep: ['text', 'list'] }, { which: 'chosen', columns: ['id'], type: 'integer' }],
  ])('%s %j', (type, one, other) => {
    const op = lowered(type, one);
    expect(op?.op).toBe(type);
    expect(op).toEqual(lowered(type, other));
    expect(op).toEqual(JSON.parse(JSON.stringify(op)));
  });
});
