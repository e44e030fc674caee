/** The law of round trips: a table of any types, written by a sink and read back, is the same table. */
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { SourceDefinition } from '@millrace/kit/node';
import { readSource } from '@millrace/kit/testing/read-source';
import { SinkRun, type SinkSpec } from '@millrace/kit/testing/sink-run';
import fc from 'fast-check';
import { expect } from 'vitest';
import { type ColumnType, columnTypes, type Row, type Schema, type Value } from '../../model/values/types.ts';
import { setColumn } from '../../model/values/values.ts';
import csvFile from '../../nodes/csv/csv-file.ts';
import csvOutput from '../../nodes/csv/csv-output.ts';
import { csvHeader, csvWriter } from '../../nodes/formats/csv/csv-write.ts';
import { jsonlWriter } from '../../nodes/formats/json/jsonl-write.ts';
import jsonlFile from '../../nodes/json/jsonl-file.ts';
import jsonlOutput from '../../nodes/json/jsonl-output.ts';
import sqliteQuery from '../../nodes/sqlite/sqlite-query.ts';
import sqliteTable from '../../nodes/sqlite/sqlite-table.ts';
import { StandardOutput } from '../../nodes/standard/runtime/standard-output.ts';

export interface Table {
  readonly schema: Schema;
  readonly rows: readonly Row[];
}

const text = fc.oneof(
  fc.string({ unit: fc.constantFrom('a', '"', "'", ',', ';', '\t', '\n', '\r\n', '\r', ' ', 'é', '日', '🦉', '\\', '#', '\u2028', '\ufeff'), maxLength: 8 }),
  fc.string({ unit: 'binary', maxLength: 12 }).map((each) => each.replaceAll('\0', '').toWellFormed()),
  fc.constantFrom('', 'null', 'NA', '007', '1.10', 'true', '2026-01-31', '2026-01-31 12:00', '12E45', '{"a":1}', '-0', ' ', 'sep=;'),
);
const values: { readonly [type in ColumnType]?: fc.Arbitrary<Value> } = {
  string: text,
  integer: fc.oneof(fc.maxSafeInteger(), fc.constantFrom(0, -1, Number.MAX_SAFE_INTEGER, Number.MIN_SAFE_INTEGER)),
  number: fc.oneof(fc.double({ noNaN: true, noDefaultInfinity: true }), fc.constantFrom(5e-324, 1.7976931348623157e308, 0.1, 2 ** 53, 2 ** 70, 1e21, -1e-7)),
  boolean: fc.boolean(),
  timestamp: fc.oneof(
    fc.date({ noInvalidDate: true }).map((date) => date.getTime()),
    fc.constantFrom(8.64e15, -8.64e15, 0, -1, Date.UTC(9999, 11, 31), -62_167_219_200_000, -62_167_219_200_001),
  ),
  date: fc.date({ min: new Date('0000-01-01'), max: new Date('9999-12-31'), noInvalidDate: true }).map((date) => date.toISOString().slice(0, 10)),
  json: fc.jsonValue({ maxDepth: 3 }).filter((value) => value !== null) as fc.Arbitrary<Value>,
  bytes: fc.uint8Array({ maxLength: 20 }),
};
const told = columnTypes.filter((type) => values[type]);
const name = fc.oneof(text, fc.constantFrom('__proto__', 'constructor', 'rowid', 'select', 'a b', 'A', 'a', '$x', '1', 'ä'));

/** Names are not empty, and differ by more than case: SQLite tells them by less. */
export const tables: fc.Arbitrary<Table> = fc
  .uniqueArray(
    name.filter((each) => each !== ''),
    { minLength: 1, maxLength: 6, selector: (each) => each.toLowerCase() },
  )
  .chain((names) => fc.tuple(...names.map((each) => fc.constantFrom(...told).map((type) => ({ name: each, type, nullable: true })))))
  .chain((columns) =>
    fc.array(fc.tuple(...columns.map(({ type }) => fc.option(values[type]!, { freq: 6 }))), { minLength: 1, maxLength: 12 }).map((rows) => ({
      schema: { columns },
      rows: rows.map((cells) => {
        const row: Record<string, Value> = {};
        for (const [i, column] of columns.entries()) setColumn(row, column.name, cells[i]!);
        return row;
      }),
    })),
  );

const types = ({ columns }: Schema) => columns.map(({ name: column, type }) => ({ column, type }));

const json = 'a JSON Lines file';

/** Each way out and back, with the types that the table has. */
export const ways: {
  readonly [name: string]: { readonly sink: SinkSpec; readonly source: SourceDefinition<any>; readonly params: (schema: Schema) => object };
} = {
  'a CSV file': {
    sink: { definition: csvOutput, params: { path: 'x' } },
    source: csvFile,
    params: (schema) => ({ path: 'x', ...plain, types: types(schema) }),
  },
  'a CSV file with tabs, packed': {
    sink: { definition: csvOutput, params: { path: 'x', delimiter: 'tab', compress: true } },
    source: csvFile,
    params: (schema) => ({ path: 'x', ...plain, delimiter: 'tab', types: types(schema) }),
  },
  'a CSV file with a decimal comma': {
    sink: { definition: csvOutput, params: { path: 'x', numbers: 'marked' } },
    source: csvFile,
    params: (schema) => ({ path: 'x', ...plain, numbers: 'marked', types: types(schema) }),
  },
  'a CSV file with thousands': {
    sink: { definition: csvOutput, params: { path: 'x', numbers: 'marked', decimal: 'dot', thousands: 'apostrophe' } },
    source: csvFile,
    params: (schema) => ({ path: 'x', ...plain, numbers: 'marked', decimal: 'dot', thousands: 'apostrophe', types: types(schema) }),
  },
  [json]: {
    sink: { definition: jsonlOutput, params: { path: 'x' } },
    source: jsonlFile,
    params: (schema) => ({ path: 'x', types: types(schema) }),
  },
  'a SQLite table': {
    sink: { definition: sqliteTable, params: { path: 'x', table: 'the table' } },
    source: sqliteQuery,
    params: () => ({ path: 'x', table: 'the table' }),
  },
};
/** What may be in the data is not to be found out from it. */
const plain = { delimiter: 'comma', skip: 0, comment: null, escape: 'none', trailing: 'no' };

const folder = mkdtempSync(join(tmpdir(), 'millrace-round-trip-'));
process.on('exit', () => rmSync(folder, { recursive: true, force: true }));

export async function expectSame({ schema, rows }: Table, way: keyof typeof ways): Promise<void> {
  const place = mkdtempSync(join(folder, 'table-'));
  const { sink, source, params } = ways[way]!;
  const run = new SinkRun(place, { commits: 'end' });
  const writer = await run.open(sink, schema);
  await writer.write(rows);
  await writer.prepare?.(1);
  await writer.commit(1);
  await run.close();
  const back = await readSource(source, place, params(schema) as { readonly [param: string]: unknown });
  rmSync(place, { recursive: true });
  expect([run.failures, back.failures, back.problems.filter(({ severity }) => severity === 'error')]).toEqual([[], [], []]);
  const columns = ({ columns }: Schema) => columns.map(({ name: column, type }) => [column, type]);
  const order = way === json ? (list: unknown[][]) => list.sort(byName) : (list: unknown[][]) => list;
  expect(order(columns(back.schema!))).toEqual(order(columns(schema)));
  expect(back.rows.map(comparable)).toEqual(rows.map(comparable));
}

/** Standard output is written by the same writers as files, and has the same bytes. */
export async function expectPrinted({ schema, rows }: Table): Promise<void> {
  for (const [form, header, writer] of [
    ['csv', csvHeader(schema, { delimiter: ',' }), csvWriter(schema, { delimiter: ',' })],
    ['jsonl', '', jsonlWriter(schema)],
  ] as const) {
    const place = mkdtempSync(join(folder, 'printed-'));
    const descriptor = openSync(join(place, 'printed'), 'w');
    const output = new StandardOutput(writer, header, { signal: new AbortController().signal, descriptor });
    await output.write(rows);
    await output.commit();
    closeSync(descriptor);
    const run = new SinkRun(place, { commits: 'end' });
    const file = await run.open({ definition: form === 'csv' ? csvOutput : jsonlOutput, params: { path: 'file' } }, schema);
    await file.write(rows);
    await file.prepare?.(1);
    await file.commit(1);
    await run.close();
    expect(readFileSync(join(place, 'printed'), 'utf8')).toBe(readFileSync(join(place, 'file'), 'utf8'));
    rmSync(place, { recursive: true });
  }
}

/** JavaScript has keys that are whole numbers before all others. */
const byName = ([a]: readonly unknown[], [b]: readonly unknown[]) => (String(a) < String(b) ? -1 : 1);

/** Of zero, no sign is kept: docs/types.md. */
function comparable(row: Row): unknown {
  const plainOf = (value: unknown): unknown => {
    if (Object.is(value, -0)) return 0;
    if (Array.isArray(value)) return value.map(plainOf);
    if (value instanceof Uint8Array) return Buffer.from(value).toString('hex');
    return value !== null && typeof value === 'object' ? entriesOf(value) : value;
  };
  const entriesOf = (value: object): unknown =>
    Object.entries(value)
      .map(([key, each]) => [key, plainOf(each)])
      .sort(byName);
  return entriesOf(row);
}
