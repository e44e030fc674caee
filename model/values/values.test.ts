import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeBase64, encodeBase64 } from './base64.ts';
import { textOf } from './decimal.ts';
import { type Column, type ColumnType, columnTypes, type Json, type Schema, type Value } from './types.ts';
import { castValue, conformValue, decodeCells, encodeCells, formatTimestamp, formatValue, parseTimestamp } from './values.ts';

const bytes = fc.uint8Array({ maxLength: 40 });
const timestamp = fc.integer({ min: -8_640_000_000_000_000, max: 8_640_000_000_000_000 });
const integer = fc.maxSafeInteger();
const number = fc.double({ noNaN: true, noDefaultInfinity: true });
const decimal = fc.tuple(fc.bigInt(), fc.nat(40)).map(([units, scale]) => textOf({ units, scale }));
const json = fc.jsonValue() as fc.Arbitrary<Json>;
const anyValue: fc.Arbitrary<Value> = fc.oneof(fc.string(), integer, number, json, bytes);
const ofType: Record<ColumnType, fc.Arbitrary<Value>> = {
  string: fc.string(),
  integer,
  number,
  decimal,
  boolean: fc.boolean(),
  timestamp,
  date: timestamp.map((ms) => new Date(ms - (ms % 86_400_000)).toISOString().slice(0, 10)).filter((text) => /^\d{4}-/.test(text)),
  json,
  bytes,
};

const cast = (value: Value, to: ColumnType, from?: ColumnType) => {
  const result = castValue(value, to, from);
  return result.ok ? result.value : result.message;
};

describe('castValue', () => {
  it.each<[Value, ColumnType, Value]>([
    ['12', 'integer', 12],
    [' -12.00 ', 'integer', -12],
    [true, 'integer', 1],
    ['9007199254740991', 'integer', 9007199254740991],
    ['1.5e3', 'number', 1500],
    ['.5', 'number', 0.5],
    ['TRUE', 'boolean', true],
    ['0', 'boolean', false],
    [1, 'boolean', true],
    ['2024-01-31', 'timestamp', Date.UTC(2024, 0, 31)],
    [1000, 'timestamp', 1000],
    ['{"a":[1]}', 'json', { a: [1] }],
    [3, 'json', 3],
    [3.5, 'string', '3.5'],
    [false, 'string', 'false'],
    [{ a: 1 }, 'string', '{"a":1}'],
    ['  ', 'integer', null],
    ['', 'json', null],
    ['', 'string', ''],
    [null, 'string', null],
  ])('casts %j to %s', (value, to, expected) => {
    expect(castValue(value, to)).toEqual({ ok: true, value: expected });
  });

  it.each<[Value, ColumnType, string]>([
    ['1.5', 'integer', '"1.5" is not a whole number'],
    [1.5, 'integer', '1.5 is not a whole number'],
    ['9007199254740993', 'integer', '"9007199254740993" is beyond 2^53, where whole numbers would be rounded'],
    ['1e999', 'number', '"1e999" is not a number'],
    ['0x10', 'number', '"0x10" is not a number'],
    ['Infinity', 'number', '"Infinity" is not a number'],
    ['yes', 'boolean', '"yes" is not true or false'],
    ['31.01.2024', 'timestamp', '"31.01.2024" is not an ISO 8601 timestamp'],
    [true, 'timestamp', 'true is not a timestamp'],
    ['{', 'json', '"{" is not JSON'],
    ['a', 'bytes', '"a" is not base64'],
  ])('refuses %j as %s and says why', (value, to, message) => {
    expect(castValue(value, to)).toEqual({ ok: false, message });
  });

  it('writes a timestamp as ISO text only when it is known to be one', () => {
    expect(cast(0, 'string', 'timestamp')).toBe('1970-01-01T00:00:00.000Z');
    expect(cast(0, 'string', 'integer')).toBe('0');
  });

  it('is total, and what it makes is of the type', () => {
    fc.assert(
      fc.property(anyValue, fc.constantFrom(...columnTypes), (value, to) => {
        const result = castValue(value, to);
        if (result.ok) expect(conformValue(result.value, { name: 'c', type: to, nullable: true }).ok).toBe(true);
        else expect(result.message).not.toBe('');
      }),
    );
  });

  it.each(columnTypes)('reads back every %s from the text that it is written as', (type) => {
    fc.assert(
      fc.property(ofType[type], (value) => {
        const text = formatValue(value, type);
        // Blank text stands for null in every type but string; an empty one is the base64 of zero bytes.
        const expected = type !== 'string' && type !== 'bytes' && text.trim() === '' ? null : value;
        const result = castValue(text, type, 'string');
        expect(result).toEqual({ ok: true, value: normalised(expected) });
      }),
    );
  });
});

/** Text has no negative zero. */
function normalised(value: Value): Value {
  if (value instanceof Uint8Array) return value;
  return value === null ? null : (JSON.parse(JSON.stringify(value)) as Json);
}

describe('parseTimestamp', () => {
  it.each([
    ['2024-01-31', '2024-01-31T00:00:00.000Z'],
    ['2024-01-31T12:00', '2024-01-31T12:00:00.000Z'],
    ['2024-01-31 12:00:05', '2024-01-31T12:00:05.000Z'],
    ['2024-01-31T12:00:05.5', '2024-01-31T12:00:05.500Z'],
    ['2024-01-31T12:00:05.1239999Z', '2024-01-31T12:00:05.123Z'],
    ['2024-01-31T12:00:05+01:30', '2024-01-31T10:30:05.000Z'],
    ['2024-01-31T12:00-0800', '2024-01-31T20:00:00.000Z'],
    ['2024-01-31T12:00+02', '2024-01-31T10:00:00.000Z'],
    ['2024-02-29', '2024-02-29T00:00:00.000Z'],
    ['0000-01-01', '0000-01-01T00:00:00.000Z'],
    ['-000001-12-31', '-000001-12-31T00:00:00.000Z'],
  ])('reads %s', (text, iso) => {
    expect(parseTimestamp(text)).toBe(new Date(iso).getTime());
  });

  it.each(
    '2024-1-31 2024-13-01 2024-00-01 2024-02-30 2023-02-29 1900-02-29 2024-01-31T 2024-01-31T24:00 2024-01-31T12 2024-01-31T12:60 2024-01-31T12:00:60 2024-01-31T12:00:05. 2024-01-31T12:00Zz 2024-01-31T12:00+1 2024-01-31T12:00+01:3 2024-01-31X12:00 31.01.2024 20240131 2024-01-31Z 2024/01/31 -000000-01-01 now'.split(
      ' ',
    ),
  )('refuses %s', (text) => {
    expect(parseTimestamp(text)).toBeNull();
  });

  it('reads back what formatTimestamp wrote, over the whole range', () => {
    fc.assert(fc.property(timestamp, (ms) => parseTimestamp(formatTimestamp(ms)) === ms));
  });

  it('agrees with Date.parse on what both read', () => {
    const pad = (n: number, width = 2) => String(n).padStart(width, '0');
    const part = (min: number, max: number) => fc.integer({ min, max });
    fc.assert(
      fc.property(part(1, 9999), part(0, 13), part(0, 32), part(0, 25), part(0, 61), part(0, 61), (year, month, day, h, m, s) => {
        const text = `${pad(year, 4)}-${pad(month)}-${pad(day)}T${pad(h)}:${pad(m)}:${pad(s)}Z`;
        const date = new Date(text);
        // Date rolls 31 April over to 1 May and takes 24:00; neither is written that way.
        const theirs = !Number.isNaN(date.getTime()) && date.toISOString().startsWith(text.slice(0, 19)) ? date.getTime() : null;
        expect(parseTimestamp(text)).toBe(theirs);
      }),
      { numRuns: 2000 },
    );
  });

  it('never throws, whatever the text', () => {
    fc.assert(fc.property(fc.string(), (text) => Number.isInteger(parseTimestamp(text) ?? 0)));
  });

  it('writes a number that is no timestamp as it is', () => {
    expect(formatTimestamp(1e20)).toBe('100000000000000000000');
  });
});

describe('cells', () => {
  const schema: Schema = { columns: columnTypes.map((type) => ({ name: type, type, nullable: true })) };
  it('travel as JSON and come back the same', () => {
    const row = fc.record(Object.fromEntries(columnTypes.map((type) => [type, fc.option(ofType[type])])));
    fc.assert(
      fc.property(row, (row) => {
        const travelled = JSON.parse(JSON.stringify(encodeCells(row, schema))) as Json[];
        expect(decodeCells(travelled, schema)).toEqual(Object.fromEntries(Object.entries(row).map(([name, value]) => [name, normalised(value)])));
      }),
    );
  });

  it('keep JSON that looks like bytes', () => {
    const lookalike = { json: { $bytes: 'AAAA' } };
    expect(decodeCells(encodeCells(lookalike, schema), schema)).toMatchObject(lookalike);
  });

  it('carry a column of any name', () => {
    const odd: Schema = { columns: ['__proto__', '', 'a.b'].map((name) => ({ name, type: 'string', nullable: true })) };
    const row = decodeCells(['x', 'y', 'z'], odd);
    expect(Object.entries(row)).toEqual([
      ['__proto__', 'x'],
      ['', 'y'],
      ['a.b', 'z'],
    ]);
  });
});

describe('conformValue', () => {
  const column = (type: ColumnType, nullable = true): Column => ({ name: 'c', type, nullable });
  it.each<[unknown, ColumnType, Value]>([
    [undefined, 'string', null],
    [Number.NaN, 'number', null],
    [Number.POSITIVE_INFINITY, 'number', null],
    [new Date(5), 'timestamp', 5],
    [new Date(Number.NaN), 'timestamp', null],
    [12n, 'integer', 12],
    [{ a: undefined, b: [Number.NaN, new Date(0)], c: 1n }, 'json', { b: [null, '1970-01-01T00:00:00.000Z'], c: 1 }],
  ])('takes %o as %s', (value, type, expected) => {
    expect(conformValue(value, column(type))).toEqual({ ok: true, value: expected });
  });

  it.each<[unknown, ColumnType, string]>([
    [1, 'string', 'Column "c" is of type string, but the value is number 1'],
    [1.5, 'integer', 'Column "c" is of type integer, but the value is number 1.5'],
    [2n ** 60n, 'integer', 'Column "c" is of type integer, but the value is the integer 1152921504606846976, which is beyond 2^53'],
    ['5', 'number', 'Column "c" is of type number, but the value is the text "5"'],
    [Promise.resolve(1), 'number', 'Column "c" is of type number, but the value is a promise (code runs synchronously here)'],
    [() => 1, 'json', 'Column "c" is of type json, but the value is a function'],
    [new Map(), 'json', 'Column "c" is of type json, but the value is an object that JSON cannot hold'],
  ])('refuses %o as %s', (value, type, message) => {
    expect(conformValue(value, column(type))).toEqual({ ok: false, message });
  });

  it('refuses null where the column promises none', () => {
    expect(conformValue(0 / 0, column('number', false))).toEqual({ ok: false, message: 'Column "c" may not be null' });
  });

  it('refuses JSON that contains itself', () => {
    const cycle: Record<string, unknown> = {};
    cycle['self'] = cycle;
    expect(conformValue(cycle, column('json')).ok).toBe(false);
  });

  it('copies JSON, so that the code may go on changing its own', () => {
    const own = { list: [1] };
    const taken = conformValue(own, column('json'));
    own.list.push(2);
    expect(taken).toEqual({ ok: true, value: { list: [1] } });
  });

  it('is total, and what it takes is a value of the column', () => {
    fc.assert(
      fc.property(fc.anything({ withBigInt: true, withDate: true, withMap: true, withTypedArray: true }), fc.constantFrom(...columnTypes), (value, type) => {
        const first = conformValue(value, column(type));
        if (first.ok) expect(conformValue(first.value, column(type))).toEqual(first);
      }),
      { numRuns: 1000 },
    );
  });
});

describe('base64', () => {
  it('agrees with Node', () => {
    fc.assert(
      fc.property(bytes, (value) => {
        expect(encodeBase64(value)).toBe(Buffer.from(value).toString('base64'));
        expect(decodeBase64(encodeBase64(value))).toEqual(value);
      }),
    );
  });
  it.each(['abc', 'a===', 'ab=c', 'äöü=', '=AAA'])('refuses %s', (text) => expect(decodeBase64(text)).toBeNull());
});

it('shows the start of a text in a message, however long that is', () => {
  // Escaped as JSON, the whole of it would be longer than a string can be.
  const text = '\u0001'.repeat(2 ** 27);
  expect(castValue(text, 'integer')).toMatchObject({ ok: false, message: expect.stringMatching(/^"(\\u0001){9}.*\.\.\. is not a whole number$/) });
});
