/** Decimals in files and tables: what is written is read again as it was, digit by digit. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { folderOf, readSource } from '@millrace/kit/testing/read-source';
import { SinkRun, type SinkSpec } from '@millrace/kit/testing/sink-run';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { openSqlite } from '../../io/sqlite/sqlite-driver.ts';
import { decimalKey, isDecimalValue, textOf } from '../../model/values/decimal.ts';
import type { ColumnType, Row, Schema } from '../../model/values/types.ts';
import csvFile from '../../nodes/csv/csv-file.ts';
import csvOutput from '../../nodes/csv/csv-output.ts';
import jsonlFile from '../../nodes/json/jsonl-file.ts';
import jsonlOutput from '../../nodes/json/jsonl-output.ts';
import sqliteQuery from '../../nodes/sqlite/sqlite-query.ts';
import sqliteTable from '../../nodes/sqlite/sqlite-table.ts';

const schema: Schema = {
  columns: [
    { name: 'id', type: 'integer', nullable: false },
    { name: 'price', type: 'decimal', nullable: true },
  ],
};
const types = [{ column: 'price', type: 'decimal' }];
const decimal = fc.tuple(fc.bigInt({ min: -(10n ** 60n), max: 10n ** 60n }), fc.nat(40)).map(([units, scale]) => textOf({ units, scale }));
const tables = fc
  .array(fc.option(fc.oneof(decimal, fc.constantFrom('0', '0.00', '12.50', '9007199254740993', '1'.repeat(1000)))), { minLength: 1, maxLength: 30 })
  .map((prices) => prices.map((price, id): Row => ({ id, price })));

async function write(folder: string, sink: SinkSpec, rows: readonly Row[], given = schema): Promise<SinkRun> {
  const run = new SinkRun(folder, { commits: 'end' });
  const writer = await run.open(sink, given);
  await writer.write(rows);
  await writer.prepare?.(1);
  await writer.commit(1);
  await run.close();
  return run;
}

const places: [string, SinkSpec, (folder: string) => ReturnType<typeof readSource>][] = [
  ['CSV', { definition: csvOutput, params: { path: 'x.csv' } }, (folder) => readSource(csvFile, folder, { path: 'x.csv', types })],
  ['JSON Lines', { definition: jsonlOutput, params: { path: 'x.jsonl' } }, (folder) => readSource(jsonlFile, folder, { path: 'x.jsonl', types })],
  ['SQLite', { definition: sqliteTable, params: { path: 'x.db', table: 't' } }, (folder) => readSource(sqliteQuery, folder, { path: 'x.db', table: 't' })],
];
test.each(places)('any table that is written as %s is the same table when it is read', async (_, sink, read) => {
  await fc.assert(
    fc.asyncProperty(tables, async (rows) => {
      const folder = folderOf({});
      const { failures } = await write(folder, sink, rows);
      const found = await read(folder);
      expect([failures, found.failures]).toEqual([[], []]);
      expect(found.schema!.columns.map(({ type }) => type)).toEqual(['integer', 'decimal']);
      expect(found.rows).toEqual(rows);
    }),
    { numRuns: 25 },
  );
});

test('a CSV file of long numbers is the same file without a type being set', async () => {
  const text = 'id,price\n1,12.50\n2,9007199254740993\n3,\n4,0.10000000000000000001\n5,-0.5\n';
  const folder = folderOf({ 'in.csv': text });
  const { schema: found, rows } = await readSource(csvFile, folder, { path: 'in.csv' });
  expect(found!.columns[1]).toMatchObject({ type: 'decimal' });
  await write(folder, { definition: csvOutput, params: { path: 'out.csv' } }, rows, found!);
  expect(readFileSync(join(folder, 'out.csv'), 'utf8')).toBe(text);
});

test('JSON has decimals as numbers, and takes them from numbers in any form and from texts that somebody set', async () => {
  const folder = folderOf({ 'x.jsonl': '{"v":1.50}\n{ "v": 0.1234567890123456789 }\n{"v":12e-1}\n{"v":null}\n{"v":"2.50"}\n{"v":"x"}\n' });
  const { rows, failures } = await readSource(jsonlFile, folder, { path: 'x.jsonl', types: [{ column: 'v', type: 'decimal' }] });
  expect(rows.map(({ v }) => v)).toEqual(['1.50', '0.1234567890123456789', '1.2', null, '2.50']);
  expect(failures.map(({ message }) => message)).toEqual(['Column "v" is of type decimal: "x" is not a decimal.']);
  const told = await readSource(jsonlFile, folderOf({ 'x.jsonl': '{"v":1.5}\n{"v":0.1234567890123456789}\n{"v":1e-7}\n' }), { path: 'x.jsonl' });
  expect(told.rows.map(({ v }) => v)).toEqual(['1.5', '0.1234567890123456789', '0.0000001']);
});

test('a cell that somebody set to be a decimal is one, and what is none fails', async () => {
  const folder = folderOf({ 'x.csv': `price\n007\n+5.10\n1.5e3\n-0.00\nx\n${'1'.repeat(1001)}\n` });
  const { rows, failures } = await readSource(csvFile, folder, { path: 'x.csv', types });
  expect(rows.map(({ price }) => price)).toEqual(['7', '5.10', '1500', '0.00']);
  expect(failures.map(({ message }) => message)).toEqual([
    'Column "price" is of type decimal: "x" is not a decimal.',
    expect.stringContaining('has more than 1,000 digits'),
  ]);
});

const stored = (folder: string, sql: string) => {
  const connection = openSqlite(join(folder, 'x.db'), { access: 'read' });
  try {
    return connection.prepare(sql).all();
  } finally {
    connection.close();
  }
};
function tableOf(sql: string): string {
  const folder = folderOf({});
  const connection = openSqlite(join(folder, 'x.db'));
  connection.exec(sql);
  connection.close();
  return folder;
}
const upsert: SinkSpec = { definition: sqliteTable, params: { path: 'x.db', table: 't', mode: 'upsert', keys: ['price'] } };

test('equal decimals are one key of a table', async () => {
  const folder = tableOf('CREATE TABLE t (id INTEGER, price DECIMAL_TEXT PRIMARY KEY)');
  await write(folder, upsert, [
    { id: 1, price: '12.50' },
    { id: 2, price: '9' },
    { id: 3, price: '12.5' },
  ]);
  await write(folder, upsert, [{ id: 4, price: '9.00' }]);
  expect(stored(folder, 'SELECT id, price FROM t ORDER BY id')).toEqual([
    { id: 3, price: '12.5' },
    { id: 4, price: '9' },
  ]);
});

test.each(['DECIMAL(10,2)', 'NUMERIC', 'INTEGER', 'REAL'])(
  'a column that is declared %s has decimals as numbers, and refuses those that it would round',
  async (declared) => {
    const folder = tableOf(`CREATE TABLE t (id INTEGER, price ${declared})`);
    const big = declared === 'REAL' ? [] : ['9007199254740993', '-123456789012345678'];
    const prices = ['12.50', '3', '0.1', ...big, '0.1234567890123456789', '12345678901234567890'];
    const { failures } = await write(
      folder,
      { definition: sqliteTable, params: { path: 'x.db', table: 't', mode: 'append' } },
      prices.map((price, id) => ({ id, price })),
    );
    expect(stored(folder, 'SELECT CAST(price AS TEXT) AS text FROM t').map((row) => Number((row as { text: string }).text))).toEqual([
      12.5,
      3,
      0.1,
      ...big.map(Number),
    ]);
    if (big.length > 0) expect(stored(folder, `SELECT id FROM t WHERE price = ${big[0]}`)).toEqual([{ id: 3 }]);
    expect(failures.map(({ message }) => message)).toEqual([
      expect.stringContaining('0.1234567890123456789 would be rounded'),
      expect.stringContaining('12345678901234567890 would be rounded'),
    ]);
  },
);

test('columns of other types can be stored as decimals', async () => {
  const folder = folderOf({});
  const given: Schema = { columns: [{ name: 'n', type: 'number' as ColumnType, nullable: true }] };
  await write(folder, { definition: sqliteTable, params: { path: 'x.db', table: 't', types: { n: 'DECIMAL_TEXT' } } }, [{ n: 12.5 }, { n: null }], given);
  expect(stored(folder, 'SELECT n, typeof(n) AS type FROM t')).toEqual([
    { n: '12.5', type: 'text' },
    { n: null, type: 'null' },
  ]);
});

test('keys of decimals are decimals', () => {
  fc.assert(fc.property(decimal, (value) => isDecimalValue(value) && isDecimalValue(decimalKey(value))));
});

test('numbers as people write them are decimals where a number would round them, or where somebody says so', async () => {
  const text = 'a;b\n1.234,50;12,50\n9.007.199.254.740.993,10;3,99\n';
  const given = { path: 'x.csv', numbers: 'marked', decimal: 'comma', thousands: 'dot', types: [{ column: 'b', type: 'decimal' }] };
  const { schema: found, rows, failures } = await readSource(csvFile, folderOf({ 'x.csv': text }), given);
  expect(failures).toEqual([]);
  expect(found!.columns.map(({ type }) => type)).toEqual(['decimal', 'decimal']);
  expect(rows).toEqual([
    { a: '1234.50', b: '12.50' },
    { a: '9007199254740993.10', b: '3.99' },
  ]);
});
