import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { formatTimestamp } from '../../model/time/timestamp.ts';
import type { ColumnType, Row, Schema } from '../../model/values/types.ts';
import { csvHeader, csvWriter } from '../../nodes/formats/csv/csv-write.ts';
import { jsonlWriter } from '../../nodes/formats/json/jsonl-write.ts';
import type { RowWriter } from './row-text.ts';
import { TextBuffer } from './text-buffer.ts';
import { timestampFormatter } from './timestamp-text.ts';

const columns = (types: { readonly [name: string]: ColumnType }): Schema => ({
  columns: Object.entries(types).map(([name, type]) => ({ name, type, nullable: true })),
});
const textOf = (write: RowWriter, rows: readonly Row[]) => {
  const buffer = new TextBuffer();
  write(rows, buffer);
  return Buffer.from(buffer.take()).toString('utf8');
};
const anyName = fc.string({ unit: 'binary', minLength: 1, maxLength: 8 });
const anyTimestamp = fc.date({ noInvalidDate: true }).map((date) => date.getTime());

describe('numbers and timestamps', () => {
  test('any number is written as String() writes it', () => {
    const write = (value: number) => {
      const buffer = new TextBuffer();
      buffer.number(value);
      return Buffer.from(buffer.take()).toString();
    };
    for (const value of [
      0,
      -0,
      9,
      10,
      99,
      100,
      -1,
      1.5,
      -0.25,
      0.005,
      0.01,
      0.1 + 0.2,
      1e21,
      5e-324,
      2 ** 53 - 1,
      2 ** 31,
      -(2 ** 31),
      1e7,
      9999999.99,
      10000000.01,
    ]) {
      expect(write(value)).toBe(String(value));
    }
    fc.assert(fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (value) => write(value) === String(value)));
    fc.assert(fc.property(fc.integer({ min: -2e9, max: 2e9 }), fc.constantFrom(1, 10, 100, 1000), (value, by) => write(value / by) === String(value / by)));
  });

  test('any timestamps in a row are written as formatTimestamp writes them', () => {
    fc.assert(
      fc.property(fc.array(anyTimestamp, { minLength: 1, maxLength: 5 }), fc.array(fc.integer({ min: -100_000, max: 100_000 })), (starts, steps) => {
        const all = starts.flatMap((start) => [start, ...steps.map((step) => start + step)]).filter((ms) => Math.abs(ms) <= 8.64e15);
        const format = timestampFormatter();
        const buffer = new TextBuffer();
        for (const ms of all) {
          expect(format(ms)).toBe(formatTimestamp(ms));
          buffer.timestamp(ms);
          expect(Buffer.from(buffer.take()).toString()).toBe(formatTimestamp(ms));
        }
      }),
    );
  });
});

describe('JSON Lines', () => {
  const row = fc.record({
    s: fc.option(fc.string({ unit: 'binary', maxLength: 20 })),
    n: fc.option(fc.double({ noNaN: true, noDefaultInfinity: true })),
    i: fc.option(fc.maxSafeInteger()),
    b: fc.option(fc.boolean()),
    t: fc.option(anyTimestamp),
    j: fc.option(fc.jsonValue()),
    x: fc.option(fc.uint8Array()),
  });
  const types = { s: 'string', n: 'number', i: 'integer', b: 'boolean', t: 'timestamp', j: 'json', x: 'bytes' } as const;

  test('any row is the line that JSON.stringify would make', () => {
    const write = jsonlWriter(columns(types));
    fc.assert(
      fc.property(fc.array(row), (rows) => {
        const expected = rows.map((r) =>
          JSON.stringify({
            ...r,
            t: r.t === null ? null : new Date(r.t).toISOString(),
            x: r.x === null ? null : Buffer.from(r.x).toString('base64'),
          }),
        );
        expect(textOf(write, rows as Row[])).toBe(expected.map((line) => `${line}\n`).join(''));
      }),
    );
  });

  test('any column names are kept', () => {
    fc.assert(
      fc.property(fc.uniqueArray(anyName), (names) => {
        const schema = columns(Object.fromEntries(names.map((name) => [`_${name}`, 'integer'])));
        const made = Object.fromEntries(schema.columns.map(({ name }, i) => [name, i]));
        expect(textOf(jsonlWriter(schema), [made])).toBe(`${JSON.stringify(made)}\n`);
      }),
    );
  });

  test('texts larger than the buffer', () => {
    const text = 'ä"'.repeat(400_000);
    expect(textOf(jsonlWriter(columns({ a: 'string', b: 'string' })), [{ a: text, b: 'x'.repeat(1e6) }])).toBe(
      `${JSON.stringify({ a: text, b: 'x'.repeat(1e6) })}\n`,
    );
  });
});

describe('CSV', () => {
  /** A reader by the standard, as short as possible. Every field ends with a delimiter or the end of its line. */
  const parse = (text: string, delimiter: string): (string | null)[][] => {
    const lines: (string | null)[][] = [[]];
    for (const [, field, end] of text.matchAll(new RegExp(`("(?:[^"]|"")*"|[^"${delimiter}\\n]*)([${delimiter}\\n])`, 'g'))) {
      lines.at(-1)!.push(field!.startsWith('"') ? field!.slice(1, -1).replaceAll('""', '"') : field === '' ? null : field!);
      if (end === '\n') lines.push([]);
    }
    return lines.slice(0, -1);
  };

  test('any texts come back, null apart from the empty text', () => {
    const text = fc.option(fc.oneof(fc.string({ unit: 'grapheme', maxLength: 8 }), fc.string({ unit: fc.constantFrom('"', ',', ';', '\n', '\r', ' ', 'a') })));
    fc.assert(
      fc.property(fc.constantFrom(',', ';', '\t', '|'), fc.array(fc.tuple(text, text, fc.constant('end')), { minLength: 1 }), (delimiter, rows) => {
        const schema = columns({ a: 'string', b: 'string', c: 'string' });
        const made = textOf(
          csvWriter(schema, { delimiter }),
          rows.map(([a, b, c]) => ({ a, b, c })),
        );
        expect(parse(made, delimiter)).toEqual(rows);
      }),
    );
  });

  test('values of every type', () => {
    const schema = columns({ i: 'integer', n: 'number', b: 'boolean', t: 'timestamp', j: 'json', x: 'bytes' });
    expect(csvHeader(schema, { delimiter: ',' })).toBe('i,n,b,t,j,x\n');
    expect(textOf(csvWriter(schema, { delimiter: ',' }), [{ i: -5, n: 0.1, b: false, t: 0, j: { a: 'b' }, x: Uint8Array.of(255) }])).toBe(
      '-5,0.1,false,1970-01-01T00:00:00.000Z,"{""a"":""b""}",/w==\n',
    );
  });
});
