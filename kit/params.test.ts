import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Schema } from '../model/values/types.ts';
import { f } from './fields.ts';
import { completeParams, defaultsOf, type Params, validateParams } from './params.ts';

const fields = {
  path: f.file({ label: 'File', mode: 'open' }),
  delimiter: f.text({ label: 'Delimiter', default: ',', pattern: '.' }),
  prefix: f.text({ label: 'Prefix', default: '' }),
  note: f.text({ label: 'Note', optional: true }),
  count: f.number({ label: 'Count', default: 10, min: 1, max: 100, integer: true }),
  seed: f.number({ label: 'Seed' }),
  every: f.duration({ label: 'Every', default: 1000, min: 1 }),
  mode: f.choice({
    label: 'Mode',
    default: 'simple',
    options: [
      { value: 'simple', label: 'Simple' },
      { value: 'code', label: 'Code' },
    ],
  }),
  where: f.expression({ label: 'Expression', when: { param: 'mode', is: ['code'] } }),
  key: f.columns({ label: 'Key', min: 1, types: ['string', 'integer'] }),
  value: f.column({ label: 'Value', optional: true, input: 'lookup' }),
  casts: f.keyValue({ label: 'Casts', default: {}, options: ['string', 'number'] }),
  parts: f.list({
    label: 'Parts',
    itemLabel: 'Part',
    min: 1,
    item: { name: f.text({ label: 'Name' }), on: f.boolean({ label: 'On', default: true }) },
  }),
  condition: f.condition({ label: 'Condition' }),
};
const rows: Schema = {
  columns: [
    { name: 'id', type: 'integer', nullable: false },
    { name: 'temperature', type: 'number', nullable: true },
  ],
};
const inputs = { rows, lookup: null };
const good: Params = { path: 'a.csv', seed: 1, key: ['id'], parts: [{ name: 'x' }] };
const problemsOf = (params: Params) => validateParams(fields, { ...good, ...params }, inputs).problems;

describe('defaults', () => {
  it('are the declared ones, or the empty value of the kind', () => {
    expect(defaultsOf(fields)).toEqual({
      path: '',
      delimiter: ',',
      prefix: '',
      note: null,
      count: 10,
      seed: null,
      every: 1000,
      mode: 'simple',
      where: '',
      key: [],
      value: null,
      casts: {},
      parts: [],
      condition: { match: 'all', rules: [] },
    });
  });

  it('leave exactly the required params missing', () => {
    const { problems } = validateParams(fields, {}, inputs);
    expect(problems.map((problem) => [problem.code, problem.field])).toEqual([
      ['params/missing', 'path'],
      ['params/missing', 'seed'],
      ['params/missing', 'key'],
      ['params/missing', 'parts'],
    ]);
  });

  it('complete the items of lists', () => {
    expect(completeParams(fields, { parts: [{ name: 'x' }], gone: 1 })).toEqual({ ...defaultsOf(fields), parts: [{ name: 'x', on: true }] });
  });
});

describe('validateParams', () => {
  it('accepts what is right and completes it', () => {
    expect(validateParams(fields, good, inputs)).toEqual({
      params: { ...defaultsOf(fields), ...good, parts: [{ name: 'x', on: true }] },
      problems: [],
    });
  });

  it.each<[string, Params, string, string, string]>([
    ['a wrong kind', { count: 'many' }, 'params/kind', 'count', 'Count must be a number, but is the text "many"'],
    ['a number below', { count: 0 }, 'params/range', 'count', 'Count must be at least 1, but is 0'],
    ['a number above', { count: 101 }, 'params/range', 'count', 'Count must be at most 100, but is 101'],
    ['a number that would be rounded', { count: '9007199254740993' }, 'params/kind', 'count', 'Count: 9007199254740993 has more digits than a number can hold'],
    ['a whole number that may be a rounded one', { count: 2 ** 53 }, 'params/range', 'count', 'Count must be a whole number within 2^53'],
    ['an unreadable duration', { every: '1h 30' }, 'params/kind', 'every', 'Every must be a duration, but is the text "1h 30"'],
    ['a fraction', { count: 1.5 }, 'params/range', 'count', 'Count must be a whole number, but is 1.5'],
    ['a short duration', { every: 0 }, 'params/range', 'every', 'Every must be at least 1 ms, but is 0'],
    ['a pattern', { delimiter: ';;' }, 'params/pattern', 'delimiter', 'Delimiter cannot be ";;"'],
    ['an emptied text', { delimiter: '' }, 'params/missing', 'delimiter', 'Delimiter is missing'],
    ['an unknown choice', { mode: 'cod' }, 'params/choice', 'mode', 'Mode cannot be "cod"; did you mean "code"?'],
    ['a field that became visible', { mode: 'code' }, 'params/missing', 'where', 'Expression is missing'],
    ['an unknown column', { key: ['i'] }, 'params/no-column', 'key.0', 'There is no column "i"; did you mean "id"?'],
    [
      'a column of another type',
      { key: ['temperature'] },
      'params/column-type',
      'key.0',
      'Column "temperature" is of type number, but Key needs string or integer',
    ],
    ['a column twice', { key: ['id', 'id'] }, 'params/duplicate', 'key.1', 'Column "id" is named twice'],
    ['too few items', { parts: [] }, 'params/missing', 'parts', 'Parts needs at least a part'],
    ['an item that lacks something', { parts: [{ name: '' }] }, 'params/missing', 'parts.0.name', 'Name is missing'],
    ['an item that is none', { parts: [{ name: 'a' }, 3] }, 'params/kind', 'parts.1', 'Part 2 must be an object, but is the number 3'],
    ['a pair outside the options', { casts: { id: 'numbr' } }, 'params/choice', 'casts.id', 'Casts: "id" cannot be "numbr"; did you mean "number"?'],
    [
      'a rule of an unknown column',
      { condition: { match: 'all', rules: [{ column: 'temp', operator: '>', value: '3' }] } },
      'params/no-column',
      'condition.rules.0.column',
      'There is no column "temp"',
    ],
    [
      'an unknown operator',
      { condition: { match: 'all', rules: [{ column: 'id', operator: '~', value: '3' }] } },
      'params/kind',
      'condition',
      'Condition must be a condition',
    ],
    ['a path with NUL', { path: 'a\0b' }, 'params/file-name', 'path', 'File cannot hold a NUL character'],
    ['an unknown param', { delimeter: ';' }, 'params/unknown', 'delimeter', 'There is no param "delimeter"; did you mean "delimiter"?'],
  ])('reports %s', (_, params, code, field, message) => {
    const [problem] = problemsOf(params);
    expect(problem).toMatchObject({ code, field, severity: code === 'params/unknown' ? 'warning' : 'error' });
    expect(problem!.message).toContain(message);
    expect(problem!.hint).toBeTruthy();
  });

  it('says how to remove what it does not know, in a list too', () => {
    expect(problemsOf({ 'a.b': 1 })).toMatchObject([{ fix: { title: 'Remove "a.b"', remove: 'a.b' } }]);
  });

  it('does not look up columns while the input is unknown', () => {
    expect(problemsOf({ value: 'anything' })).toEqual([]);
  });

  it('turns the empty text of an optional field into null', () => {
    expect(validateParams(fields, { ...good, note: '' }, inputs).params).toMatchObject({ note: null });
  });

  it('does not report a field that another one hides', () => {
    expect(problemsOf({ where: 7 })).toEqual([]);
  });

  it('is total, and gives params that need no second correction', () => {
    const raw = fc.record(Object.fromEntries(Object.keys(fields).map((name) => [name, fc.jsonValue()])), { requiredKeys: [] });
    fc.assert(
      fc.property(raw, (raw) => {
        const first = validateParams(fields, raw as Params, inputs);
        const second = validateParams(fields, first.params, inputs);
        expect(second.params).toEqual(first.params);
        expect(second.problems.filter((problem) => problem.code === 'params/kind')).toEqual([]);
      }),
      { numRuns: 500 },
    );
  });
});
