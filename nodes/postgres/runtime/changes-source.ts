/** How the changes of a table are read. */
import type { DiscoverContext, Discovery, NodeProblem, Reader, SourceContext } from '@millrace/kit/node';
import { MillraceError } from '../../../model/problems/problem.ts';
import type { Column, Row, Schema } from '../../../model/values/types.ts';
import { type ChangeParams, namesOf } from '../change-params.ts';
import { ChangeRows } from './change-rows.ts';
import { columnList, type TableFacts, tableFacts } from './changed-table.ts';
import { type ChangesPosition, ChangesReader } from './changes-reader.ts';
import { cutProblem } from './query-source.ts';
import { columnTypeOf, type Finer, isFiner } from './read-values.ts';
import { type ConnectionParams, Session } from './session.ts';
import { checkPosition, checkServer, identityProblem, openPublication, openSlot, slotProblem, systemOf } from './slot.ts';
import { readProblem, TableSnapshot } from './table-snapshot.ts';

type Context = SourceContext<ChangeParams, { readonly rows: Schema }>;

/** What a preview shows, and what columns are told by. */
const sampleRows = 1000;

/** `connection` throws where none is chosen. */
export async function discoverChanges({ params, signal }: DiscoverContext<ChangeParams>, connection: () => ConnectionParams): Promise<Discovery> {
  if (params.table === '') return { schema: null };
  try {
    return await inSession(connection(), signal, async (session) => {
      const facts = await tableFacts(session, params.table);
      const problem = identityProblem(facts);
      const problems: NodeProblem[] =
        problem && params.publicationBy === 'run' ? [{ code: 'postgres/no-identity', severity: 'error', ...problem, field: 'table' }] : [];
      const found = await columnsOf(session, facts, params.finer);
      return { ...found, problems: [...problems, ...(found.problems ?? [])] };
    });
  } catch (error) {
    if (error instanceof MillraceError) return { schema: null, problems: [error.problem] };
    throw error;
  }
}

export async function openChanges(context: Context, connection: ConnectionParams): Promise<Reader> {
  const { params, signal, sample } = context;
  const start = context.start as ChangesPosition | null;
  return inSession(connection, signal, async (session) => {
    const facts = await tableFacts(session, params.table);
    if (sample) return new SampleReader(facts, await TableSnapshot.open(await Session.open(connection, signal), facts, null, null, sampleRows), context);
    try {
      const { slot } = namesOf(params);
      const system = await systemOf(session);
      if (start) {
        if (start.system !== system) throw otherServer();
        await checkPosition(session, slot, start.lsn);
        return new ChangesReader({ connection, facts, position: start, snapshot: null }, context);
      }
      await checkServer(session, facts, params);
      warnOfUnchanged(facts, context);
      await openPublication(session, facts, params);
      const made = await openSlot(session, connection, params, context);
      const position: ChangesPosition = { system, slot, lsn: made.at, transaction: null, seen: null, snapshot: null };
      try {
        const snapshot =
          made.snapshot && params.begin === 'rows' ? await TableSnapshot.open(await Session.open(connection, signal), facts, made.snapshot.name, null) : null;
        return new ChangesReader({ connection, facts, position, snapshot }, context);
      } finally {
        made.snapshot?.release();
      }
    } catch (error) {
      signal.throwIfAborted();
      throw slotProblem(error, session, params);
    }
  });
}

/** Rows of the table as they are: no slot is made, read or moved. */
class SampleReader implements Reader {
  readonly #snapshot: TableSnapshot;
  readonly #rows: ChangeRows;
  readonly #context: Context;
  readonly #source: string;

  constructor(facts: TableFacts, snapshot: TableSnapshot, context: Context) {
    this.#snapshot = snapshot;
    this.#rows = new ChangeRows(facts, context);
    this.#context = context;
    this.#source = `${facts.name}, rows of the table`;
    context.signal.addEventListener('abort', this.#stop, { once: true });
  }

  async read() {
    if (this.#context.signal.aborted) return null;
    const { rows: before, at: time, lsn } = this.#snapshot.position;
    const taken = await this.#snapshot.take(this.#context.batchSize);
    if (taken.length === 0) return null;
    const lines: number[] = [];
    const rows: Row[] = [];
    taken.forEach((cells, i) => {
      const line = before + i + 1;
      const row = this.#rows.row({ operation: 'snapshot', cells, before: null, time, lsn }, this.#rows.selected, () => ({ source: this.#source, line }));
      if (!row) return;
      rows.push(row);
      lines.push(line);
    });
    this.#snapshot.settle(taken);
    return { rows, locate: (index: number) => ({ source: this.#source, line: lines[index] ?? 0 }) };
  }

  position() {
    return { rows: this.#snapshot.position.rows };
  }

  close(): void {
    this.#context.signal.removeEventListener('abort', this.#stop);
    this.#stop();
  }

  readonly #stop = (): void => this.#snapshot.close();
}

/** Whole numbers beyond 2^53 among the first rows make a column decimal. */
async function columnsOf(session: Session, facts: TableFacts, finer: Finer): Promise<Discovery> {
  const columns = facts.columns.map(({ name, server, nullable }): Column => {
    return { name, type: columnTypeOf(server, finer), nullable: true, ...(!nullable && { nulls: 'unseen' }) };
  });
  const inDoubt = columns.filter(({ type }, i) => type === 'timestamp' || facts.columns[i]?.server.name === 'int8');
  if (inDoubt.length === 0) return { schema: { columns } };
  const { rows } = await session.query(`SELECT ${columnList(inDoubt)} FROM ${facts.sql} LIMIT ${sampleRows}`).catch((error: unknown) => {
    throw readProblem(error, facts, session);
  });
  const textsOf = (column: Column) => (inDoubt.includes(column) ? rows.flatMap((row) => row[inDoubt.indexOf(column)] ?? []) : []);
  const problems = columns.flatMap((column) =>
    column.type === 'timestamp' && finer === 'cut' && textsOf(column).some(isFiner) ? [cutProblem(column.name)] : [],
  );
  const isWide = (column: Column) => column.type === 'integer' && !textsOf(column).every((text) => Number.isSafeInteger(Number(text)));
  return { schema: { columns: columns.map((column) => (isWide(column) ? { ...column, type: 'decimal' } : column)) }, problems };
}

function warnOfUnchanged({ columns, identity, sql }: TableFacts, { params, log }: Context): void {
  const large = columns.filter(({ isToasted }) => isToasted).map(({ name }) => `"${name}"`);
  if (identity === 'f' || large.length === 0 || params.unchangedColumn !== null) return;
  log(
    'info',
    `Of large values (from about 2,000 bytes) in ${large.join(', ')}, an update that does not change them does not send them, and fails then. ALTER TABLE ${sql} REPLICA IDENTITY FULL makes the server send them.`,
  );
}

function otherServer(): MillraceError {
  return new MillraceError({
    code: 'postgres/changed',
    message: 'The connection leads to another server than the one that the checkpoint is of.',
    hint: 'Change the connection back, or start the pipeline from scratch.',
    field: 'connection',
  });
}

async function inSession<T>(connection: ConnectionParams, signal: AbortSignal, use: (session: Session) => Promise<T>): Promise<T> {
  const session = await Session.open(connection, signal);
  const stop = () => session.close();
  signal.addEventListener('abort', stop, { once: true });
  try {
    return await use(session);
  } catch (error) {
    signal.throwIfAborted();
    throw session.problem(error);
  } finally {
    signal.removeEventListener('abort', stop);
    session.close();
  }
}
