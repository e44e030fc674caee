import type { RowFailure } from '@millrace/kit/node';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Batch, Window } from '../../../io/files/file-rows.ts';
import { TextBuffer } from '../../../io/text/text-buffer.ts';
import { TrailingZeros } from '../../../model/values/exact.ts';
import { readText } from '../../../model/values/read-text.ts';
import type { ColumnType, Row, Schema } from '../../../model/values/types.ts';
import { castValue } from '../../../model/values/values.ts';
import { CsvParser } from './csv-parser.ts';
import { csvHeader, csvWriter } from './csv-write.ts';

const comma = ','.charCodeAt(0);
const quote = '"'.charCodeAt(0);
const file = { path: '/x.csv', name: 'x.csv', size: 0 };

interface Parsed {
  readonly rows: readonly Row[];
  readonly lines: readonly number[];
  readonly failures: readonly RowFailure[];
}

function schemaOf(columns: { readonly [name: string]: ColumnType }): Schema {
  return { columns: Object.entries(columns).map(([name, type]) => ({ name, type, nullable: true })) };
}

/** Parses as a reader of files would: what a chunk leaves over precedes the next one. */
function parse(
  text: string | Buffer,
  schema: Schema,
  options: { header?: boolean; cuts?: readonly number[]; batch?: number; nullText?: string; max?: number; cast?: ReadonlySet<string> } = {},
): Parsed {
  const content = Buffer.from(text);
  const failures: RowFailure[] = [];
  const format = {
    dialect: { delimiter: comma, quote },
    header: true,
    nullText: options.nullText ?? '',
    maxRecordBytes: options.max ?? 1 << 20,
    cast: options.cast ?? new Set<string>(),
  };
  const names = options.header === false ? null : schema.columns.map(({ name }) => name);
  const parser = new CsvParser(schema, names, format, null, (failure) => failures.push(failure));
  parser.begin(file, false);
  const window: { -readonly [K in keyof Window]: Window[K] } = { file, bytes: Buffer.alloc(0), at: 0, line: 1, last: false, translated: false };
  const rows: Row[] = [];
  const lines: number[] = [];
  const work = () => {
    for (;;) {
      const batch: Batch = { rows: [], lines: [], size: options.batch ?? 3 };
      parser.parse(window, batch);
      rows.push(...batch.rows);
      lines.push(...batch.lines);
      if (batch.rows.length < batch.size) return;
    }
  };
  const cuts = [...new Set([...(options.cuts ?? []).map((cut) => cut % (content.length + 1)), content.length])].sort((a, b) => a - b);
  let from = 0;
  for (const cut of cuts) {
    window.bytes = Buffer.concat([window.bytes.subarray(window.at), content.subarray(from, cut)]);
    window.at = 0;
    from = cut;
    work();
  }
  const rest = window.bytes.subarray(window.at);
  window.bytes = rest.length > 0 && rest[rest.length - 1] !== 10 ? Buffer.concat([rest, Buffer.of(10)]) : rest;
  window.at = 0;
  window.last = true;
  if (rest.length > 0) work();
  parser.end(file);
  return { rows, lines, failures };
}

/** CSV in the plainest way, to compare with: characters, one by one. */
function reference(text: string, schema: Schema): Row[] {
  const records: { text: string; quoted: boolean }[][] = [[]];
  let i = 0;
  while (i < text.length) {
    let value = '';
    const quoted = text[i] === '"';
    if (quoted) {
      for (i++; text[i] !== '"' || text[i + 1] === '"'; i++) {
        if (text[i] === '"') i++;
        value += text[i];
      }
      i++;
    } else while (i < text.length && text[i] !== ',' && text[i] !== '\n' && !text.startsWith('\r\n', i)) value += text[i++];
    records.at(-1)!.push({ text: value, quoted });
    if (text[i] === ',') {
      i++;
      if (i === text.length) records.at(-1)!.push({ text: '', quoted: false });
    } else {
      i += text[i] === '\r' ? 2 : 1;
      if (i < text.length) records.push([]);
    }
  }
  return records.map((fields) =>
    Object.fromEntries(
      schema.columns.map(({ name, type }, c) => {
        const { text, quoted } = fields[c]!;
        const cast = castValue(!quoted && text === '' ? null : text, type);
        if (!cast.ok) throw new Error(cast.message);
        return [name, cast.value];
      }),
    ),
  );
}

const texts = fc.oneof(
  fc.string({ unit: fc.constantFrom('a', '"', ',', '\n', '\r\n', ' ', 'é', '日', '🦉', '\r'), maxLength: 8 }),
  fc.string({ unit: 'grapheme', maxLength: 40 }).filter((text) => !text.includes('\0') && !text.includes('\ufffd')),
);
const quoted = (text: string) => `"${text.replaceAll('"', '""')}"`;
const field: { readonly [type in 'string' | 'integer' | 'number' | 'boolean' | 'timestamp']: fc.Arbitrary<string> } = {
  string: fc.oneof(
    texts.map(quoted),
    fc.stringMatching(/^[a-z '"é]{0,20}$/).filter((text) => !text.startsWith('"')),
    fc.constantFrom('', '""', 'a long enough text to be cached'),
  ),
  integer: fc.oneof(
    fc.maxSafeInteger().map(String),
    fc.maxSafeInteger().map((n) => quoted(String(n))),
    fc.constantFrom('', ' ', '-0', '007', '+5', ' 12 ', '12.0', '-9007199254740991'),
  ),
  number: fc.oneof(
    fc.double({ noNaN: true, noDefaultInfinity: true }).map(String),
    fc.tuple(fc.integer(), fc.nat(9999)).map(([whole, part]) => `${whole}.${part}`),
    fc.constantFrom('', '.5', '5.', '-.25', '1e3', '0.1234567890123456789', '123456789012345', '1234567890123456', '"1.5"', ' 2 '),
  ),
  boolean: fc.constantFrom('true', 'false', 'TRUE', '1', '0', '"true"', '', ' false'),
  timestamp: fc.oneof(
    fc.date({ min: new Date('0001-01-01'), max: new Date('9999-12-31'), noInvalidDate: true }).map((date) => date.toISOString()),
    fc.constantFrom(
      '2026-01-31',
      '2026-01-31T12:00',
      '2026-01-31 12:00:00',
      '2026-01-31T12:00:00+02:00',
      '2026-01-31T12:00:00.5Z',
      '2026-01-31T12:00:00.123000Z',
      '',
      '"2026-01-31"',
    ),
  ),
};
const schema = schemaOf({ s: 'string', i: 'integer', n: 'number', b: 'boolean', t: 'timestamp', u: 'string' });
const record = fc.tuple(field.string, field.integer, field.number, field.boolean, field.timestamp, field.string);
const content = fc.tuple(fc.array(fc.tuple(record, fc.constantFrom('\n', '\r\n')), { minLength: 1, maxLength: 12 }), fc.boolean()).map(([records, ends]) => {
  const text = records.map(([fields, end]) => fields.join(',') + end).join('');
  return ends ? text : text.replace(/\r?\n$/, '');
});

describe('CSV rows', () => {
  it('are what the rules say, wherever chunks and batches are cut', () => {
    fc.assert(
      fc.property(content, fc.array(fc.nat()), fc.integer({ min: 1, max: 5 }), (text, cuts, batch) => {
        const { rows, failures } = parse(text, schema, { header: false, cuts, batch, cast: new Set('sinbtu') });
        expect(failures).toEqual([]);
        expect(rows).toEqual(reference(text, schema));
      }),
      { numRuns: 500 },
    );
  });

  it('of columns whose types were told are those that the rule takes, each with the rule of its column', () => {
    const typed = fc
      .constantFrom('integer', 'number', 'boolean', 'timestamp')
      .chain((type) => fc.tuple(fc.constant(type), fc.array(field[type], { maxLength: 8 })));
    fc.assert(
      fc.property(typed, ([type, cells]) => {
        const texts = cells.map((cell) => cell.replaceAll('"', ''));
        const zeros = new TrailingZeros();
        const wanted = texts.map((text) => readText(text, type, zeros)).flatMap((read, i) => (read.ok ? [{ v: read.value, u: String(i) }] : []));
        const { rows, failures } = parse(texts.map((text, i) => `${text},${i}\n`).join(''), schemaOf({ v: type, u: 'string' }), { header: false });
        expect(rows).toEqual(wanted);
        expect(failures.length).toBe(texts.length - wanted.length);
      }),
      { numRuns: 500 },
    );
  });

  it('are the same for any cut of bytes, also when they are broken', () => {
    const bytes = fc.array(fc.constantFrom(...Buffer.from('ab,,"\n\n\r1.-T:Z\0'), 0xc3, 0xa9, 0xff), { maxLength: 80 });
    fc.assert(
      fc.property(bytes, fc.array(fc.nat()), (raw, cuts) => {
        const content = Buffer.from(raw);
        const columns = schemaOf({ a: 'string', b: 'number' });
        const whole = parse(content, columns, { header: false });
        expect(parse(content, columns, { header: false, cuts })).toEqual(whole);
      }),
      { numRuns: 1000 },
    );
  });

  it('come back as they were written', () => {
    const columns = schemaOf({ s: 'string', i: 'integer', n: 'number', b: 'boolean', t: 'timestamp', j: 'json' });
    const rows = fc.array(
      fc.record({
        s: fc.option(texts),
        i: fc.option(fc.maxSafeInteger()),
        n: fc.option(fc.double({ noNaN: true, noDefaultInfinity: true })),
        b: fc.option(fc.boolean()),
        t: fc.option(fc.date({ noInvalidDate: true }).map((date) => date.getTime())),
        j: fc.option(fc.jsonValue().filter((value) => value !== null)),
      }),
    );
    fc.assert(
      fc.property(rows, fc.array(fc.nat()), (written, cuts) => {
        const buffer = new TextBuffer();
        csvWriter(columns, { delimiter: ',' })(written as Row[], buffer);
        const text = csvHeader(columns, { delimiter: ',' }) + Buffer.from(buffer.bytes.subarray(0, buffer.at)).toString('utf8');
        const { rows, failures } = parse(text, columns, { cuts });
        expect(failures).toEqual([]);
        // JSON has no -0.
        expect(JSON.parse(JSON.stringify(rows))).toEqual(JSON.parse(JSON.stringify(written)));
      }),
      { numRuns: 200 },
    );
  });
});

describe('line numbers', () => {
  it('count the lines within quoted fields', () => {
    const { lines, failures } = parse('a,b\n1,"x\ny\r\nz"\n\n2,w\nbad\n3,"q\n"\n4,v', schemaOf({ a: 'integer', b: 'string' }));
    expect(lines).toEqual([2, 6, 8, 10]);
    expect(failures.map((failure) => failure.position)).toEqual([{ source: 'x.csv', line: 7 }]);
  });
});

describe('rows that cannot be read', () => {
  const columns = schemaOf({ a: 'integer', b: 'string' });
  const outcome = (text: string | Buffer, max?: number) => {
    const { rows, failures } = parse(text, columns, { header: false, max });
    return { rows: rows.map((row) => row['a']), failures: failures.map(({ code, position, row }) => [code, position?.line, position?.toLine, row?.['raw']]) };
  };

  it('have too few or too many fields', () => {
    expect(outcome('1,x\n2\n3,y,z\n4,w\n')).toEqual({
      rows: [1, 4],
      failures: [
        ['csv/fields', 2, undefined, '2'],
        ['csv/fields', 3, undefined, '3,y,z'],
      ],
    });
  });
  it('have a value that does not fit, and say of which column', () => {
    const { failures } = parse('1,x\n1.5,y\n', columns, { header: false });
    expect(failures[0]).toMatchObject({ code: 'csv/value', message: 'Column "a" is of type integer: "1.5" is not a whole number.', row: { raw: '1.5,y' } });
    expect(failures[0]!.hint).toContain('as number');
  });
  it('have text behind a quote: the record ends with the line where that is', () => {
    expect(outcome('1,x\n2,"y\nz"w\n3,v\n')).toEqual({ rows: [1, 3], failures: [['csv/quote', 2, 3, '2,"y\nz"w']] });
  });
  it('have a quote that is never closed: only its own line is lost', () => {
    expect(outcome('1,x\n2,"y\n3,z\n4,w')).toEqual({ rows: [1, 3, 4], failures: [['csv/quote', 2, undefined, '2,"y']] });
  });
  it('say where the quote opened', () => {
    const { failures } = parse('"1\n","x', columns, { header: false });
    expect(failures[0]!.message).toBe('The quote that opens in line 2 is never closed.');
  });
  it('take a quote within unquoted text as it is', () => {
    expect(parse('1,5" pipe\n', columns, { header: false }).rows).toEqual([{ a: 1, b: '5" pipe' }]);
  });
  it('hold NUL bytes', () => {
    expect(outcome('1,x\n2,a\0b\n3,"\0"\n4,y\n')).toEqual({
      rows: [1, 4],
      failures: [
        ['csv/nul', 2, undefined, '2,a\0b'],
        ['csv/nul', 3, undefined, '3,"\0"'],
      ],
    });
  });
  it('hold bytes that are no UTF-8, while a real U+FFFD is text', () => {
    // The raw text shows such bytes as Latin-1, so that none is lost.
    expect(outcome(Buffer.from([...Buffer.from('1,x\n2,'), 0xe9, ...Buffer.from('\n3,\ufffd\n')]))).toEqual({
      rows: [1, 3],
      failures: [['csv/encoding', 2, undefined, '2,é']],
    });
  });
  it('are longer than the limit', () => {
    const long = 'x'.repeat(5000);
    const text = `1,x\n2,${long}\n3,y\n4,"${long}\n5,z\n${'6,w\n'.repeat(500)}`;
    const cuts = Array.from({ length: text.length / 100 }, (_, i) => i * 100);
    const { rows, failures } = parse(text, columns, { header: false, max: 1000, cuts });
    expect(failures.map(({ code, position }) => [code, position?.line])).toEqual([
      ['csv/long-line', 2],
      ['csv/long-line', 4],
    ]);
    expect(rows.length).toBe(503);
    expect(rows[2]).toEqual({ a: 5, b: 'z' });
  });
  it('give up on a quote that stays open beyond the limit, and go on in the line after it', () => {
    const text = `1,x\n2,"y\n${'3,z\n'.repeat(2000)}`;
    const cuts = Array.from({ length: text.length / 100 }, (_, i) => i * 100);
    const { rows, failures } = parse(text, columns, { header: false, max: 1000, cuts });
    expect(failures.map(({ code, position }) => [code, position?.line])).toEqual([['csv/quote', 2]]);
    expect(rows.length).toBe(2001);
  });
});

describe('null', () => {
  const columns = schemaOf({ a: 'number', b: 'string', c: 'string' });
  it('is an empty field, but not an empty text in quotes', () => {
    expect(parse(',,""\n', columns, { header: false }).rows).toEqual([{ a: null, b: null, c: '' }]);
  });
  it('is another text where that is set', () => {
    expect(parse('NA,NA,"NA"\n,,x\n', columns, { header: false, nullText: 'NA' }).rows).toEqual([
      { a: null, b: null, c: 'NA' },
      { a: null, b: '', c: 'x' },
    ]);
  });
  it('is a blank line in a file of one column', () => {
    expect(parse('a\n\nb\n', schemaOf({ x: 'string' }), { header: false }).rows).toEqual([{ x: 'a' }, { x: null }, { x: 'b' }]);
  });
});

describe('column names', () => {
  it('may be anything', () => {
    const names = ['__proto__', 'import("x")', '<!-- -->', 'a"b', 'constructor', 'é\u2028'];
    const odd: Schema = { columns: names.map((name) => ({ name, type: 'string', nullable: true })) };
    const [row] = parse('1,2,3,4,5,6\n', odd, { header: false }).rows;
    expect(Object.entries(row!)).toEqual(names.map((name, i) => [name, String(i + 1)]));
    // The slow way, too.
    const [slow] = parse('1,2,3,4,5,"6\n"\n', odd, { header: false }).rows;
    expect(Object.keys(slow!)).toEqual(names);
  });
});
