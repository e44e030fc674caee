/** CSV files of random dialects: what Python writes is read as it was, what Millrace writes Python reads, and any text is read alike. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readSource } from '@millrace/kit/testing/read-source';
import { SinkRun } from '@millrace/kit/testing/sink-run';
import fc from 'fast-check';
import { expect } from 'vitest';
import type { ColumnType, Schema, Value } from '../../model/values/types.ts';
import csvFile from '../../nodes/csv/csv-file.ts';
import csvOutput from '../../nodes/csv/csv-output.ts';
import { askPython, drawn, expectNone, has } from './python.ts';

interface Dialect {
  readonly delimiter: string;
  /** Null: quotes are ordinary characters. */
  readonly quotechar: string | null;
  readonly doublequote: boolean;
  readonly escapechar: string | null;
}
type Answer = { readonly rows: readonly (readonly string[])[] } | { readonly error: string };
type Cells = readonly (readonly (string | null)[])[];

const dialect: fc.Arbitrary<Dialect> = fc
  .record({ delimiter: fc.constantFrom(',', ';', '\t', '|', '^', ':', ' ', 'x'), quotechar: fc.constantFrom('"', '"', '"', "'", '$'), style: fc.nat(3) })
  .map(({ delimiter, quotechar, style }) => ({ delimiter, quotechar, doublequote: style !== 1, escapechar: style === 1 || style === 2 ? '\\' : null }));
const character = fc.constantFrom(
  'a',
  'b',
  '1',
  '0',
  '.',
  '-',
  'é',
  '日',
  '🦉',
  ' ',
  '"',
  "'",
  '$',
  ',',
  ';',
  '\t',
  '|',
  '^',
  ':',
  'x',
  '\\',
  '\n',
  '\r\n',
  '#',
  '=',
);
const text = fc.oneof(
  { weight: 4, arbitrary: fc.string({ unit: character, maxLength: 6 }) },
  fc.string({ unit: 'grapheme', maxLength: 8 }).map((each) => each.replace(/[\0\ufffd]/g, '')),
  fc.constantFrom('12.50', '007', '1e3', 'TRUE', '2026-01-31', '2026-01-31 12:00:00', 'NA', ''),
);
const rowsOf = (width: number) => fc.array(fc.array(text, { minLength: width, maxLength: width }), { minLength: 1, maxLength: 8 });
const table = fc.integer({ min: 1, max: 5 }).chain((width) => fc.tuple(fc.constant(width), rowsOf(width)));

function paramsOf({ delimiter, quotechar, escapechar }: Dialect, more: object = {}): { readonly [param: string]: unknown } {
  const plain = { path: 'x.csv', skip: 0, comment: null, trailing: 'no' };
  return { ...plain, delimiter: 'other', otherDelimiter: delimiter, quote: quotechar, escape: escapechar === null ? 'none' : 'backslash', ...more };
}

const asText = (names: readonly string[]) => names.map((column) => ({ column, type: 'string' as ColumnType }));
const namesOf = (width: number) => Array.from({ length: width }, (_, i) => `c${i}`);

async function read(place: string, params: { readonly [param: string]: unknown }): Promise<{ readonly cells: Cells; readonly failures: number }> {
  const { rows, schema, failures, problems } = await readSource(csvFile, place, params);
  const fatal = problems.find(({ severity }) => severity === 'error');
  if (fatal) throw new Error(fatal.message);
  return { cells: rows.map((row) => schema!.columns.map(({ name }) => row[name] as string | null)), failures: failures.length };
}

/** Python has no null. A blank line is no row, but where there is one column; there, Python has a line of no cells. */
const alike = (cells: Cells) => JSON.stringify(cells.map((row) => row.map((cell) => cell ?? '')));

class Places {
  readonly #root = mkdtempSync(join(tmpdir(), 'millrace-fuzz-'));
  next(): string {
    return mkdtempSync(join(this.#root, 'case-'));
  }
  close(): void {
    rmSync(this.#root, { recursive: true, force: true });
  }
}

/** Tables that Python writes in a random dialect, with random quotes, line ends and encoding. */
export async function expectReadAsPythonWrites(count: number): Promise<void> {
  const { seed, cases } = drawn(
    fc.record({
      dialect,
      table,
      quoting: fc.constantFrom('QUOTE_MINIMAL', 'QUOTE_ALL', 'QUOTE_NONNUMERIC'),
      lineterminator: fc.constantFrom('\n', '\r\n'),
      encoding: fc.constantFrom('utf-8', 'utf-8-sig', 'utf-16', 'utf-16-le'),
    }),
    count,
  );
  const places = new Places();
  const requests = cases.map(({ table: [width, rows], ...rest }) => ({ ...rest, path: join(places.next(), 'x.csv'), rows: [namesOf(width), ...rows] }));
  const written = askPython<{ readonly error?: string }>('csv_written', requests);
  const differences: string[] = [];
  for (const [i, { path, dialect: each, rows, encoding }] of requests.entries()) {
    if (written[i]!.error) continue;
    const params = paramsOf(each, { types: asText(rows[0]!), encoding: encoding === 'utf-16-le' ? 'utf-16le' : 'auto' });
    const found = await read(join(path, '..'), params).catch((error: Error) => ({ cells: [[error.message]], failures: 0 }));
    if (alike(found.cells) !== alike(rows.slice(1)) || found.failures > 0) {
      differences.push(
        `${JSON.stringify(each)} ${encoding} ${JSON.stringify(readFileSync(path, encoding.startsWith('utf-16') ? 'utf16le' : 'utf8'))}\n  read ${JSON.stringify(found)}\n  not  ${JSON.stringify(rows.slice(1))}`,
      );
    }
  }
  if (has.duckdb) differences.push(...differencesFromDuckDb(requests));
  places.close();
  expectNone(differences, seed);
}

interface Written {
  readonly path: string;
  readonly encoding: string;
  readonly dialect: Dialect;
  readonly rows: Cells;
}

/** What is known to be read as Python writes it (see above), DuckDB reads in the same way. */
function differencesFromDuckDb(all: readonly Written[]): string[] {
  const told = all.filter(({ encoding, dialect: { escapechar }, rows }) => encoding === 'utf-8' && escapechar === null && rows[0]!.length > 1);
  const requests = told.map(({ path, dialect: { delimiter, quotechar }, rows }) => ({ path, delimiter, quote: quotechar, columns: rows[0] }));
  const answers = askPython<Answer>('duckdb_table', requests);
  return told.flatMap(({ path, rows }, i) => {
    const answer = answers[i]!;
    const same = 'rows' in answer && alike(answer.rows) === alike(rows.slice(1));
    return same ? [] : [`DuckDB: ${JSON.stringify(readFileSync(path, 'utf8'))}\n  read ${JSON.stringify(answer)}`];
  });
}

/** Tables that Millrace writes. */
export async function expectPythonReads(count: number): Promise<void> {
  const marks = { comma: ',', semicolon: ';', tab: '\t', pipe: '|' } as const;
  const { seed, cases } = drawn(fc.record({ delimiter: fc.constantFrom(...(Object.keys(marks) as (keyof typeof marks)[])), table }), count);
  const places = new Places();
  const requests: { path: string; encoding: string; dialect: Dialect }[] = [];
  for (const {
    delimiter,
    table: [width, rows],
  } of cases) {
    const place = places.next();
    const names = namesOf(width);
    const schema: Schema = { columns: names.map((name) => ({ name, type: 'string', nullable: true })) };
    const run = new SinkRun(place, { commits: 'end' });
    const writer = await run.open({ definition: csvOutput, params: { path: 'x.csv', delimiter } }, schema);
    await writer.write(rows.map((cells) => Object.fromEntries(cells.map((cell, i): [string, Value] => [names[i]!, cell]))));
    await writer.prepare?.(1);
    await writer.commit(1);
    await run.close();
    requests.push({
      path: join(place, 'x.csv'),
      encoding: 'utf-8',
      dialect: { delimiter: marks[delimiter], quotechar: '"', doublequote: true, escapechar: null },
    });
  }
  const answers = askPython<Answer>('csv_table', requests);
  const compare = (answersOf: readonly Answer[], from: number) =>
    cases.flatMap(({ table: [, rows] }, i) => {
      const answer = answersOf[i]!;
      const same = 'rows' in answer && alike(answer.rows.slice(from)) === alike(rows);
      return same ? [] : [`${JSON.stringify(readFileSync(requests[i]!.path, 'utf8'))}\n  read ${JSON.stringify(answer)}\n  not  ${JSON.stringify(rows)}`];
    });
  const differences = compare(answers, 1);
  if (has.duckdb) {
    const asked = requests.map(({ path, dialect: { delimiter } }, i) => ({ path, delimiter, quote: '"', columns: namesOf(cases[i]!.table[0]) }));
    differences.push(...compare(askPython<Answer>('duckdb_table', asked), 0).map((each) => `DuckDB: ${each}`));
  }
  places.close();
  expectNone(differences, seed);
}

/** Any text at all: the same cells, or both say that something is wrong with it. */
export async function expectReadAsPythonReads(count: number): Promise<void> {
  // A backslash before an ordinary character stays here, and goes in Python; a CR alone ends a line there.
  const soup = fc.string({ unit: fc.constantFrom('a', '1', ' ', 'é', '🦉', '"', '"', ',', ',', '\n', '\r\n', "'", ';', '#'), maxLength: 40 });
  const { seed, cases } = drawn(fc.tuple(soup, fc.constantFrom('"', "'", null)), count);
  const places = new Places();
  const requests = cases.map(([content, quotechar]) => {
    const path = join(places.next(), 'x.csv');
    writeFileSync(path, `c0,c1,c2\n${content}`);
    return { path, encoding: 'utf-8', dialect: { delimiter: ',', quotechar, doublequote: true, escapechar: null } };
  });
  const answers = askPython<Answer>('csv_table', requests);
  const differences: string[] = [];
  for (const [i, { path, dialect: each }] of requests.entries()) {
    const answer = answers[i]!;
    const found = await read(join(path, '..'), paramsOf(each, { types: asText(['c0', 'c1', 'c2']) })).catch((error: Error) => ({
      cells: [[error.message]],
      failures: 0,
    }));
    const told = 'rows' in answer ? answer.rows.slice(1).filter((row) => row.length > 0) : null;
    const wide = told?.filter((row) => row.length === 3) ?? [];
    const same = told ? alike(found.cells) === alike(wide) && found.failures === told.length - wide.length : found.failures > 0;
    if (!same) differences.push(`${each.quotechar} ${JSON.stringify(cases[i]![0])}\n  read ${JSON.stringify(found)}\n  not  ${JSON.stringify(answer)}`);
  }
  places.close();
  expectNone(differences, seed);
}

const digit = fc.constantFrom(...'0123456789');
const digits = fc.string({ unit: digit, minLength: 1, maxLength: 17 });
const cell: { readonly [kind: string]: fc.Arbitrary<string> } = {
  whole: fc.integer({ min: -(10 ** 15), max: 10 ** 15 }).map(String),
  decimal: fc.tuple(fc.constantFrom('', '-'), fc.nat(10 ** 9), digits).map(([sign, whole, fraction]) => `${sign}${whole}.${fraction}`),
  double: fc.double({ noNaN: true, noDefaultInfinity: true }).map(String),
  flag: fc.constantFrom('true', 'false', 'TRUE', 'False'),
  day: fc.date({ min: new Date('0001-01-01'), max: new Date('9999-12-31'), noInvalidDate: true }).map((date) => date.toISOString().slice(0, 10)),
  time: fc
    .tuple(
      fc.date({ min: new Date('0002-01-01'), max: new Date('9998-12-31'), noInvalidDate: true }),
      fc.constantFrom('Z', '', '+02:00', '-0330', '+05:45'),
      fc.constantFrom('T', ' '),
      fc.constantFrom(16, 19, 21, 23),
    )
    .map(([date, zone, mark, length]) => date.toISOString().slice(0, length).replace('T', mark) + zone),
};

interface Told {
  readonly type: ColumnType;
  readonly text: string;
  readonly value: Value;
}

/** Columns whose types are told, with quotes (the slow way) and without: each value is what Python makes of the cell, and none is lost. */
export async function expectValuesAsInPython(count: number): Promise<void> {
  const kinds = fc.constantFrom(...Object.keys(cell));
  const plain = text.map((each) => each.replace(/[\r\n",]/g, ''));
  const columnWith = (other: fc.Arbitrary<string>) =>
    kinds.chain((kind) => fc.array(fc.oneof({ weight: 9, arbitrary: cell[kind]! }, other), { minLength: 20, maxLength: 20 }));
  const column = fc.oneof({ weight: 5, arbitrary: columnWith(fc.constant('')) }, columnWith(plain));
  const { seed, cases } = drawn(fc.tuple(fc.boolean(), fc.array(column, { minLength: 4, maxLength: 4 })), count);
  const places = new Places();
  const told: Told[] = [];
  for (const [isQuoted, columns] of cases) {
    const place = places.next();
    const written = (each: string) => (isQuoted && each !== '' ? `"${each}"` : each);
    const lines = columns[0]!.map((_, row) => columns.map((cells) => written(cells[row]!)).join(','));
    writeFileSync(join(place, 'x.csv'), `${namesOf(4).join(',')}\n${lines.join('\n')}\n`);
    const { rows, schema, failures } = await readSource(csvFile, place, paramsOf({ delimiter: ',', quotechar: '"', doublequote: true, escapechar: null }));
    expect(failures, 'the whole file is the sample').toEqual([]);
    const full = columns[0]!.flatMap((_, row) => (columns.some((cells) => cells[row] !== '') ? [row] : []));
    expect(rows.length).toBeGreaterThanOrEqual(full.length);
    for (const [at, { name, type }] of schema!.columns.entries()) {
      if (type === 'string') continue;
      for (const [i, row] of rows.entries()) told.push({ type, text: columns[at]![i]!, value: row[name]! });
    }
  }
  const answers = askPython<{ readonly value?: Value; readonly error?: string }>('cell_value', told);
  places.close();
  const same = ({ text: given, value }: Told, answer: Value | undefined) => (given.trim() === '' ? value === null : answer === value);
  expectNone(
    told.flatMap((each, i) => (same(each, answers[i]!.value) ? [] : [`${each.type} "${each.text}": read ${each.value}, not ${JSON.stringify(answers[i])}`])),
    seed,
  );
}
