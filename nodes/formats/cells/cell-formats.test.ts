/** Cells in unusual formats: what independent writers write is read back, and what does not fit is refused. */

import { folderOf, readSource } from '@millrace/kit/testing/read-source';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Batch } from '../../../io/files/file-rows.ts';
import type { EntryFix } from '../../../model/problems/problem.ts';
import csvFile from '../../csv/csv-file.ts';
import jsonlFile from '../../json/jsonl-file.ts';
import { outputColumns } from '../column-fields.ts';
import { lineParser } from '../lines/line-format.ts';
import type { ColumnEntry } from './cell-formats.ts';
import { CellFormats, missingMarks } from './cell-formats.ts';

const readCsv = (text: string, params: object = {}) => readSource(csvFile, folderOf({ 'x.csv': text }), { path: 'x.csv', ...params });
const readJson = (text: string, types: readonly ColumnEntry[]) => readSource(jsonlFile, folderOf({ 'x.jsonl': text }), { path: 'x.jsonl', types });
const marked = (column: string, said: Partial<ColumnEntry> = {}): ColumnEntry => ({ column, type: 'number', numbers: 'marked', ...said });
const messages = (failures: readonly { readonly message: string }[]) => failures.map(({ message }) => message);

/** How Intl writes numbers, and the corresponding entry. */
const styles: readonly { readonly locale: string; readonly said: Partial<ColumnEntry>; readonly options?: Intl.NumberFormatOptions }[] = [
  { locale: 'de-DE', said: { decimal: 'comma', thousands: 'dot' } },
  { locale: 'en-US', said: { decimal: 'dot', thousands: 'comma' } },
  { locale: 'fr-FR', said: { decimal: 'comma', thousands: 'space' } },
  { locale: 'de-CH', said: { decimal: 'dot', thousands: 'apostrophe' } },
  { locale: 'de-DE', said: { decimal: 'comma', thousands: 'dot', units: '€' }, options: { style: 'currency', currency: 'EUR' } },
  {
    locale: 'en-US',
    said: { decimal: 'dot', thousands: 'comma', units: '$', brackets: true },
    options: { style: 'currency', currency: 'USD', currencySign: 'accounting' },
  },
  { locale: 'de-DE', said: { decimal: 'comma', thousands: 'dot', percent: 'fraction' }, options: { style: 'percent' } },
];

it('reads back the numbers that Intl writes in styles of many countries', async () => {
  const cents = fc.integer({ min: -(10 ** 13), max: 10 ** 13 });
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...styles),
      fc.array(cents, { minLength: 1, maxLength: 20 }),
      fc.boolean(),
      async ({ locale, said, options }, list, isTold) => {
        const places = options?.style === 'percent' ? 4 : 2;
        const numbers = list.map((each) => Number((each / 10 ** places).toFixed(places)));
        const format = new Intl.NumberFormat(locale, { ...options, minimumFractionDigits: 2, maximumFractionDigits: 2 });
        const type = isTold && said.percent === undefined ? 'auto' : 'number';
        const text = ['n', ...numbers.map((number) => `"${format.format(number)}"`)].join('\n');
        const { rows, failures } = await readCsv(`${text}\n`, { types: [marked('n', { ...said, type })] });
        expect(messages(failures)).toEqual([]);
        expect(rows.map(({ n }) => n)).toEqual(numbers.map((number) => number + 0));
      },
    ),
    { numRuns: 60 },
  );
});

describe('numbers of a whole source', () => {
  const german = { delimiter: 'semicolon', numbers: 'marked', decimal: 'comma', thousands: 'dot' };
  it('are told by their notation, and nothing of other cells is lost', async () => {
    const text = 'price;count;id;phone;version;code;plain\n1.299,99;1.000;007;+49;1,10;12E5;12.5\n0,50;12;1;+48;1,9;13E6;13.5\n';
    const { schema, rows } = await readCsv(text, german);
    expect(schema!.columns.map(({ type }) => type)).toEqual(['number', 'integer', 'string', 'string', 'string', 'string', 'string']);
    expect(rows[0]).toEqual({ price: 1299.99, count: 1000, id: '007', phone: '+49', version: '1,10', code: '12E5', plain: '12.5' });
  });
  it('fail behind the sample with their place and a wider type', async () => {
    const columns = [
      { name: 'a', type: 'integer', nullable: true },
      { name: 'b', type: 'number', nullable: true },
    ] as const;
    const folder = folderOf({ 'x.csv': 'a;b\n1.000;0,5\n2;1.5\n2,5;1\n0.125;2\n007;3\n3;1,50\n' });
    const { rows, failures } = await readSource(csvFile, folder, { path: 'x.csv', ...german }, { schema: { columns } });
    expect(rows).toEqual([{ a: 1000, b: 0.5 }]);
    expect(failures.map(({ message, position, fix }) => [position?.line, message, (fix as EntryFix | undefined)?.entry['type']])).toEqual([
      [3, 'Column "b" is of type number: "1.5" is not a number such as -1.234,5.', 'string'],
      [4, 'Column "a" is of type integer: "2.5" is not a whole number.', 'number'],
      [5, 'Column "a" is of type integer: "0.125" is not a number such as -1.234,5.', 'string'],
      [6, 'Column "a" is of type integer: "007" as an integer would not be what was written.', 'string'],
      [7, expect.stringContaining('"1.50" has another number of decimals'), 'string'],
    ]);
  });
  it('leave a column alone that has marks of its own', async () => {
    const types = [marked('b', { decimal: 'dot', thousands: 'none' })];
    const { rows } = await readCsv('a;b\n1,5;1.5\n', { ...german, types });
    expect(rows).toEqual([{ a: 1.5, b: 1.5 }]);
  });
});

describe('marks for missing', () => {
  it('are one text or several, of unquoted cells', async () => {
    expect([...missingMarks(null)]).toEqual(['']);
    expect([...missingMarks('NA')]).toEqual(['NA']);
    expect([...missingMarks('"", NA, "a,b"')]).toEqual(['', 'NA', 'a,b', '"", NA, "a,b"']);
    // As in a pipeline from when there was only one mark.
    expect((await readCsv('a;b\nx,y;1\nz;2\n', { nullText: 'x,y' })).rows[0]).toEqual({ a: null, b: 1 });
    const { rows } = await readCsv('a,b,c\nNA,1,\n"NA",-,"-"\n-,NA,x\n', { nullText: 'NA, -' });
    expect(rows).toEqual([
      { a: null, b: 1, c: '' },
      { a: 'NA', b: null, c: '-' },
      { a: null, b: null, c: 'x' },
    ]);
  });
  it('count before values of their kind', async () => {
    const { rows } = await readCsv('a,b\n-999,1\n5,-999\n', { nullText: '-999' });
    expect(rows).toEqual([
      { a: null, b: 1 },
      { a: 5, b: null },
    ]);
  });
  it('of a column stand in the place of those of the source, within quotes too, and its type is told without them', async () => {
    const types = [
      { column: 'country', type: 'string', missing: '""' },
      { column: 'pop', type: 'auto', missing: 'NA, n/a' },
    ];
    const { schema, rows, failures } = await readCsv('country,pop\nNA,1\nDE, n/a \n,"NA"\n"",2\nFR,-\n', { nullText: 'NA, -', types, sampleRows: 4 });
    expect(schema!.columns.map(({ type }) => type)).toEqual(['string', 'string']);
    expect(failures).toEqual([]);
    expect(rows.map(({ country }) => country)).toEqual(['NA', 'DE', null, '', 'FR']);
    expect(rows.map(({ pop }) => pop)).toEqual(['1', null, null, '2', '-']);
  });
  it('are what a short row lacks', async () => {
    const types = [{ column: 'b', type: 'number', missing: '-' }];
    expect((await readCsv('a,b\n1,2\n3\n', { width: 'fill', nullText: 'NA', types })).rows).toEqual([
      { a: 1, b: 2 },
      { a: 3, b: null },
    ]);
  });
});

it('reads percent, brackets, units, words, days and epochs, and offers text for what does not fit', async () => {
  const types: readonly ColumnEntry[] = [
    marked('share', { percent: 'fraction' }),
    marked('balance', { brackets: true, units: '€', missing: '-' }),
    { column: 'paid', type: 'boolean', yes: 'ja', no: 'nein' },
    { column: 'at', type: 'timestamp', times: 'epoch', unit: 'microseconds' },
    { column: 'day', type: 'date', times: 'pattern', pattern: 'dd.MM.yyyy' },
    { column: 'local', type: 'timestamp', times: 'pattern', pattern: 'dd.MM.yyyy HH:mm', zone: 'Europe/Berlin' },
  ];
  const good = '12,5 %;(1.200,75);Ja;1706702400123000;31.01.2026;31.07.2026 12:00\n5 %;€ 5;nein;0;;\n;-;;;;\n';
  const bad = '7;;;;;\n;x;;;;\n;;vielleicht;;;\n;;;1706702400123456;;\n;;;;30.02.2026;\n';
  const { rows, failures } = await readCsv(`share;balance;paid;at;day;local\n${good}${bad}`, { types });
  expect(rows).toEqual([
    { share: 0.125, balance: -1200.75, paid: true, at: 1706702400123, day: '2026-01-31', local: Date.parse('2026-07-31T10:00:00Z') },
    { share: 0.05, balance: 5, paid: false, at: 0, day: null, local: null },
    { share: null, balance: null, paid: null, at: null, day: null, local: null },
  ]);
  expect(messages(failures)).toEqual([
    expect.stringContaining('"7" is not a number such as'),
    expect.stringContaining('"x" is not a number such as'),
    expect.stringContaining('"vielleicht" is neither yes (ja) nor no (nein)'),
    expect.stringContaining('finer than a millisecond'),
    expect.stringContaining('"30.02.2026" is not a time in the form dd.MM.yyyy'),
  ]);
  expect(failures.map(({ fix }) => fix?.title)).toEqual(['share', 'balance', 'paid', 'at', 'day'].map((column) => `Read column "${column}" as text`));
  expect(failures[4]).toMatchObject({ position: { source: 'x.csv', line: 9 }, fix: { entry: { column: 'day', type: 'string' } } });
});

it('keeps what is said of a column when its type becomes wider', async () => {
  const { failures } = await readCsv('a,b\n"1.000",1\n"2,5",2\n', { sampleRows: 1, types: [marked('a', { type: 'integer', decimal: 'comma' })] });
  expect(failures[0]?.fix).toMatchObject({ entry: { column: 'a', type: 'string' } });
});

it('reads texts and numbers of JSON, the longest epochs exactly', async () => {
  const types: readonly ColumnEntry[] = [
    { column: 't', type: 'timestamp', times: 'epoch', unit: 'nanoseconds' },
    marked('p'),
    { column: 'm', type: 'auto', missing: 'NA' },
    { column: 's', type: 'timestamp', times: 'epoch' },
  ];
  const lines = [
    '{"t":1706702400123000000,"p":"1.000,5","m":"NA","s":1706702400}',
    '{"t":"1706702400123000000","p":2.5,"m":3,"s":1706702400.5}',
    '{"t":1706702400123456789,"p":null,"m":4,"s":null}',
  ];
  const { schema, rows, failures } = await readJson(`${lines.join('\n')}\n`, types);
  expect(schema!.columns.map(({ type }) => type)).toEqual(['timestamp', 'number', 'integer', 'timestamp']);
  expect(rows).toEqual([
    { t: 1706702400123, p: 1000.5, m: null, s: 1706702400000 },
    { t: 1706702400123, p: 2.5, m: 3, s: 1706702400500 },
  ]);
  expect(messages(failures)).toEqual([expect.stringContaining('"1706702400123456789" is finer than a millisecond')]);
});

it('says what is wrong with a format, at its field', async () => {
  const { problems } = await readCsv('a\n1\n', { types: [marked('a', { decimal: 'comma', thousands: 'comma' })] });
  expect(problems).toMatchObject([{ code: 'column/format', severity: 'error', field: 'types.0.thousands' }]);
});

it('costs nothing where cells are as usual', () => {
  expect(new CellFormats([{ column: 'a', type: 'number' }]).of('a', 'number')).toBeNull();
  expect(new CellFormats([]).of('a', 'string')).toBeNull();
  expect(new CellFormats([], { numbers: 'marked' }).of('a', 'string')).toBeNull();
});

it.each(['csv', 'jsonl'] as const)('reads lines of %s as they come by the same rules', (format) => {
  const types: readonly ColumnEntry[] = [
    { column: 'at', type: 'timestamp', times: 'epoch' },
    { column: 'price', type: 'number', ...(format === 'jsonl' && { numbers: 'marked' }) },
  ];
  const schema = outputColumns({ columns: [] }, types, null, true).outputs['rows']!;
  const formats = new CellFormats(types, format === 'csv' ? { numbers: 'marked', nullText: 'NA, -' } : {});
  const csv = { dialect: { delimiter: 59, quote: 34 }, nullText: 'NA, -', header: null };
  const failures: string[] = [];
  const context = { fail: ({ message }: { message: string }) => void failures.push(message), log() {}, pattern: null as never };
  const parser = lineParser(
    { format, extra: 'error', text: { entry: null, pattern: '', logZone: 'UTC' }, fileColumn: null, maxRowSize: 1, formats, csv },
    schema,
    context,
  );
  const text = format === 'csv' ? '1706702400;1.299,99\nNA;-\n0;12.5\n' : '{"at":1706702400,"price":"1.299,99"}\n{"at":null}\n{"at":0,"price":"12.5"}\n';
  const file = { path: '/x', name: 'x', size: 0 };
  const batch: Batch = { rows: [], lines: [], size: 10 };
  parser.begin(file, false);
  parser.parse({ file, bytes: Buffer.from(text), at: 0, line: 1, last: true, translated: false }, batch);
  expect(batch.rows).toEqual([
    { at: 1706702400000, price: 1299.99 },
    { at: null, price: null },
  ]);
  expect(failures).toEqual([expect.stringContaining('"12.5" is not a number such as -1.234,5')]);
});
