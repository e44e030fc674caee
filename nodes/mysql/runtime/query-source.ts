/** How a table or a query of a MySQL or MariaDB database is sampled and read. */
import { setTimeout as sleep } from 'node:timers/promises';
import { connectionOf } from '@millrace/kit/connection';
import { MillraceError, Permanent } from '@millrace/kit/errors';
import type { DiscoverContext, Discovery, NodeProblem, Reader, SourceBatch, SourceContext } from '@millrace/kit/node';
import { compileRows, convertRow } from '../../../io/text/row-conversion.ts';
import { itemAt } from '../../../model/faults/missing.ts';
import type { Json, Row, Schema, Value } from '../../../model/values/types.ts';
import { CellFormats, type ColumnEntry } from '../../formats/cells/cell-formats.ts';
import mysql from '../mysql-connection.ts';
import type { ConnectionParams } from './connection-params.ts';
import { columnOf, isFloat, isLong } from './fields.ts';
import { isAway, patiently } from './patience.ts';
import { describeQuery, positionAfter, type Query, type QueryParams, queryProblem } from './query-text.ts';
import { ResultRows } from './result-rows.ts';
import { conversionOf, convert, fixOf, hintOf, plain } from './result-values.ts';
import { type Cells, Session } from './session.ts';

interface Params extends QueryParams {
  readonly until: 'end' | 'stopped';
  readonly every: number;
  readonly types: readonly ColumnEntry[];
}
type Context = SourceContext<Params, { readonly rows: Schema }>;
type Position = {
  readonly rows: number;
  /** The columns by which rows are in order, of the last one; absent where there are none, or no row was read. */
  readonly after?: readonly string[] | null;
};

const sampleRows = 1000;
/** How long a look at the data may take; and a sample, whose rows somebody waits for. */
const lookMs = 500;
const sampleMs = 5000;

export async function discoverRows(context: DiscoverContext<Params>): Promise<Discovery> {
  const { params, signal } = context;
  if (!context.connection || !(params.read === 'table' ? params.table : params.sql)) return { schema: null };
  let session: Session | null = null;
  const stop = () => session?.close();
  signal.addEventListener('abort', stop, { once: true });
  try {
    session = await Session.open(connectionOf(mysql, context), signal, { reads: true });
    const query = await describeQuery(session, params);
    const { fields, names } = query;
    const large = fields.some(isLong) ? await largeIntegers(session, query) : new Set<number>();
    const columns = fields.map((field, i) => ({ ...columnOf(field, itemAt(names, i)), ...(large.has(i) && { type: 'decimal' as const }) }));
    return { schema: { columns }, problems: noticesOf(query, params) };
  } catch (error) {
    if (!(error instanceof MillraceError)) throw error;
    return { schema: null, problems: [{ field: 'connection', ...error.problem }] };
  } finally {
    signal.removeEventListener('abort', stop);
    session?.close();
  }
}

export async function openRows(context: Context): Promise<Reader> {
  const connection = connectionOf(mysql, context);
  const reader = new QueryReader(connection, context);
  await reader.open();
  return reader;
}

/** The places of columns in which the first rows have a whole number beyond 2^53. A slow query is not waited for. */
async function largeIntegers(session: Session, query: Query): Promise<ReadonlySet<number>> {
  await limit(session, sampleRows, lookMs);
  const { rows } = await session.query(query.after(null)).catch(() => ({ rows: [] as readonly Cells[] }));
  const longs = query.fields.flatMap((field, i) => (isLong(field) ? [i] : []));
  return new Set(longs.filter((place) => rows.some((cells) => typeof cells[place] === 'string')));
}

/** For the statements that follow: the server ends them by itself. */
async function limit(session: Session, rows: number, ms: number): Promise<void> {
  const time = session.isMariaDb ? `max_statement_time = ${ms / 1000}` : `max_execution_time = ${ms}`;
  await session.query(`SET SESSION sql_select_limit = ${rows}, ${time}`);
}

function noticesOf({ fields, names }: Query, { read }: Params): NodeProblem[] {
  const problems: NodeProblem[] = [];
  const renamed = fields.findIndex(({ name }, i) => name !== names[i]);
  if (renamed !== -1) {
    const message = `The query has more than one column "${itemAt(fields, renamed).name}"; it is called "${names[renamed]}" here.`;
    problems.push({ code: 'mysql/column-name', severity: 'warning', message, hint: 'Give it a name of its own with AS.' });
  }
  const float = read === 'query' ? fields.find(isFloat) : undefined;
  if (float) {
    const message = `"${float.name}" is a FLOAT, of which the server gives six digits.`;
    problems.push({ code: 'mysql/float', severity: 'warning', message, hint: `Write "${float.name} + 0e0 AS ${float.name}" for all of them.`, field: 'sql' });
  }
  return problems;
}

class QueryReader implements Reader {
  readonly #connection: ConnectionParams;
  readonly #context: Context;
  readonly #schema: Schema;
  readonly #formats: CellFormats;
  readonly #source: string;
  /** Ends what is under way: with the run's signal, or when the reader is closed. */
  readonly #stop = new AbortController();
  #session: Session | null = null;
  #query: Query | null = null;
  #places: readonly number[] = [];
  #toRow: (cells: Cells) => Row | undefined = () => undefined;
  #result: ResultRows | null = null;
  #rows = 0;
  /** Rows of the present result that a run before has read. */
  #skip = 0;
  #after: readonly string[] | null;
  #isSampled = false;

  constructor(connection: ConnectionParams, context: Context) {
    this.#connection = connection;
    this.#context = context;
    this.#schema = context.outputs.rows;
    this.#formats = new CellFormats(context.params.types);
    const { read, table } = context.params;
    this.#source = read === 'table' ? `${connection.database} at ${connection.host}, table ${table}` : `${connection.database} at ${connection.host}`;
    const start = context.start as Position | null;
    this.#rows = start?.rows ?? 0;
    this.#after = start?.after ?? null;
    if (!this.#hasCursor) this.#skip = this.#rows;
    if (context.signal.aborted) this.#stop.abort();
    context.signal.addEventListener('abort', this.#abort, { once: true });
  }

  readonly #abort = () => this.#stop.abort();

  get #hasCursor(): boolean {
    return this.#context.params.cursor !== null && this.#context.params.cursor.trim() !== '';
  }

  async open(): Promise<void> {
    const { params, sample } = this.#context;
    const session = await Session.open(this.#connection, this.#stop.signal, { reads: true });
    this.#session = session;
    try {
      this.#query = await describeQuery(session, params);
      if (sample) await limit(session, sampleRows, sampleMs);
    } catch (error) {
      session.close();
      throw error;
    }
    this.#compile(this.#query);
    this.#result = new ResultRows(session, this.#query.after(this.#after), this.#context.batchSize);
  }

  async read(): Promise<SourceBatch | null> {
    for (;;) {
      try {
        const cells = (await this.#result?.take()) ?? null;
        const batch = cells ? this.#batch(cells) : null;
        if (batch) return batch;
        if (!cells && !(await this.#again())) return null;
      } catch (error) {
        if (this.#stop.signal.aborted) return null;
        if (this.#context.sample && this.#isSampled) return null;
        if (!this.#hasCursor || !isAway(error)) throw queryProblem(error, this.#context.params);
        this.#session?.close();
        await patiently(() => this.open(), { ...this.#context, signal: this.#stop.signal });
      }
    }
  }

  position(): Json {
    return { rows: this.#rows, ...(this.#hasCursor && { after: this.#after }) } satisfies Position;
  }

  progress() {
    return { done: this.#rows, total: null, unit: 'rows' as const };
  }

  async close(): Promise<void> {
    this.#context.signal.removeEventListener('abort', this.#abort);
    const session = this.#session;
    // A server goes on with a query whose rows it cannot send yet.
    if (session && this.#result && !this.#result.hasEnded) await session.cancel().catch(() => {});
    this.#stop.abort();
    session?.close();
  }

  /** Looks for rows that are new after a while. False: there will be none. */
  async #again(): Promise<boolean> {
    const { params, sample } = this.#context;
    const { signal } = this.#stop;
    if (params.until === 'end' || sample || !this.#session || !this.#query) return false;
    await sleep(params.every, undefined, { signal });
    this.#result = new ResultRows(this.#session, this.#query.after(this.#after), this.#context.batchSize);
    return true;
  }

  #compile({ names }: Query): void {
    const places = this.#schema.columns.map(({ name }) => names.indexOf(name));
    const missing = this.#schema.columns.find((_, i) => places[i] === -1);
    if (missing) {
      const message = `There is no column "${missing.name}" any more.`;
      throw new Permanent({
        code: 'mysql/query',
        message,
        hint: 'Look at the columns of the source again.',
        field: this.#context.params.read === 'table' ? 'table' : 'sql',
      });
    }
    this.#places = places;
    this.#toRow = compileRows(
      this.#schema,
      places.map((place) => `input[${place}]`),
      this.#schema.columns.map(({ name, type }) => conversionOf(type, this.#formats.of(name, type))),
    );
  }

  #batch(result: readonly Cells[]): SourceBatch | null {
    const rows: Row[] = [];
    const numbers: number[] = [];
    const before = this.#rows;
    for (const cells of result) {
      if (this.#skip > 0) {
        this.#skip--;
        continue;
      }
      if (this.#hasCursor) this.#advance(cells);
      this.#rows++;
      const row = this.#toRow(cells) ?? this.#convert(cells);
      if (row === undefined) continue;
      rows.push(row);
      numbers.push(this.#rows);
    }
    this.#isSampled = true;
    if (this.#rows === before) return null;
    return { rows, locate: (index) => ({ source: this.#source, line: numbers[index] ?? this.#rows }) };
  }

  #advance(cells: Cells): void {
    const query = this.#query;
    const after = query ? positionAfter(query, cells) : null;
    const names = this.#context.params.cursor;
    const tied = this.#after && after?.every((text, i) => text === this.#after?.[i]);
    if (!after || tied) {
      const message = after
        ? `Two rows have the same value in ${names} (${after.join(', ')}): a run that goes on between them would miss one.`
        : `A row has null in ${names}, by which new rows are told.`;
      throw new Permanent({ code: 'mysql/cursor', message, hint: 'Choose columns that grow, and add one that is unique, such as the key.', field: 'cursor' });
    }
    this.#after = after;
  }

  #convert(cells: Cells): Row | undefined {
    const formatOf = (i: number) => {
      const { name, type } = itemAt(this.#schema.columns, i);
      return this.#formats.of(name, type);
    };
    const cellOf = (i: number) => cells[itemAt(this.#places, i)];
    const found = convertRow(this.#schema, (column, i) => convert(cellOf(i), column, formatOf(i), this.#formats.cast.has(column.name)));
    if ('row' in found) return found.row;
    const place = this.#schema.columns.indexOf(found.column);
    const { name, type } = found.column;
    this.#context.fail({
      code: 'mysql/value',
      message: `Column "${name}" is of type ${type}: ${found.message}.`,
      hint: hintOf(found.column, cellOf(place)),
      fix: fixOf(found.column, cellOf(place), formatOf(place)),
      row: Object.fromEntries(this.#schema.columns.map((column, i): [string, Value] => [column.name, plain(cellOf(i))])),
      position: { source: this.#source, line: this.#rows },
    });
    return undefined;
  }
}
