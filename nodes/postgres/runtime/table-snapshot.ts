/**
 * The rows of a table as they are at one moment, in the order of its primary key, so that they can be gone on with in another session. What
 * that one sees is later, and the position says from which key on: see docs/adr/0043-changes-of-postgresql.md.
 */
import { MillraceError } from '@millrace/kit/errors';
import { itemAt } from '../../../model/faults/missing.ts';
import { columnList, type TableFacts } from './changed-table.ts';
import { lsnOf, type Tuple } from './pgoutput.ts';
import { literal, quoteName, type Session } from './session.ts';
import { Visibility } from './visibility.ts';

/** Rows with keys up to `upTo`, or all others, are as a snapshot saw them. */
export type Stretch = { readonly sees: string; readonly upTo: readonly string[] | null };

/** Where reading the table is. Plain data. */
export type SnapshotPosition = {
  readonly rows: number;
  /** Of the last row that was read; empty for a table without a key. */
  readonly key: readonly string[] | null;
  readonly stretches: readonly Stretch[];
  /** When the rows were as they are, of the last stretch; milliseconds since 1970. */
  readonly at: number;
  /** Where the log was then: what is committed behind it is in no stretch. */
  readonly lsn: number;
};

const waitMs = 100;

export class TableSnapshot {
  readonly #session: Session;
  readonly #keyPlaces: readonly number[];
  #position: SnapshotPosition;
  #rows: readonly Tuple[] = [];
  #next = 0;
  #hasEnded = false;

  private constructor(session: Session, keyPlaces: readonly number[], position: SnapshotPosition) {
    this.#session = session;
    this.#keyPlaces = keyPlaces;
    this.#position = position;
  }

  /** `exported`: the snapshot of a slot that was just made. `from`: what was read before; `most`: rows at most. The session is the snapshot's from then on. */
  static async open(
    session: Session,
    facts: TableFacts,
    exported: string | null,
    from: SnapshotPosition | null,
    most: number | null = null,
  ): Promise<TableSnapshot> {
    const { sql, columns, key } = facts;
    if (from && from.rows > 0 && key.length === 0) {
      session.close();
      throw new MillraceError({
        code: 'postgres/snapshot-lost',
        message: `Reading the rows of table ${sql} was interrupted after ${from.rows}, and the table has no primary key to go on by.`,
        hint: 'Start the pipeline from scratch, or add a primary key.',
        field: 'table',
      });
    }
    const before = from?.stretches.at(-1);
    const { sees, at, lsn } = await begin(session, exported, before ? new Visibility(before.sees) : null);
    const earlier = from && from.key !== null ? closed(from.stretches, from.key) : [];
    const position: SnapshotPosition = { rows: from?.rows ?? 0, key: from?.key ?? null, stretches: [...earlier, { sees, upTo: null }], at, lsn };
    await session
      .query(
        `DECLARE millrace NO SCROLL CURSOR FOR SELECT ${columnList(columns)} FROM ${sql}${behind(facts, position.key)}${key.length > 0 ? ` ORDER BY ${key.map(quoteName).join(', ')}` : ''}${most === null ? '' : ` LIMIT ${most}`}`,
      )
      .catch((error: unknown) => {
        throw readProblem(error, facts, session);
      });
    const keyPlaces = key.map((name) => columns.findIndex((column) => column.name === name));
    return new TableSnapshot(session, keyPlaces, position);
  }

  get position(): SnapshotPosition {
    return this.#position;
  }

  /** At most so many rows; none at the end. Rejects as the server says it, or with `NotConnected`. */
  async take(most: number): Promise<readonly Tuple[]> {
    if (this.#next >= this.#rows.length && !this.#hasEnded) {
      this.#rows = (await this.#session.query(`FETCH FORWARD ${most} FROM millrace`)).rows;
      this.#next = 0;
      this.#hasEnded = this.#rows.length === 0;
    }
    const taken = this.#rows.slice(this.#next, this.#next + most);
    this.#next += taken.length;
    return taken;
  }

  /** `taken` is with the run. */
  settle(taken: readonly Tuple[]): void {
    const last = taken.at(-1);
    if (!last) return;
    const key = this.#keyPlaces.map((place) => itemAt(last, place) ?? '');
    this.#position = { ...this.#position, rows: this.#position.rows + taken.length, key };
  }

  close(): void {
    this.#session.close();
  }
}

/**
 * What a snapshot does not see yet, though an earlier one saw it, is a transaction whose commit is written and waits for a standby: it is
 * waited for, since nobody would deliver it.
 */
async function begin(
  session: Session,
  exported: string | null,
  earlier: Visibility | null,
): Promise<{ readonly sees: string; readonly at: number; readonly lsn: number }> {
  for (;;) {
    await session.query('BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY');
    if (exported !== null) await session.query(`SET TRANSACTION SNAPSHOT ${literal(exported)}`);
    const [sees = '', at = '', lsn = ''] =
      (
        await session.query(
          'SELECT txid_current_snapshot(), floor(extract(epoch FROM now()) * 1000), CASE WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn() ELSE pg_current_wal_insert_lsn() END',
        )
      ).rows[0] ?? [];
    const found = { sees: sees ?? '', at: Number(at), lsn: lsnOf(lsn ?? '') };
    if (!earlier || ![...new Visibility(found.sees).running].some((xid) => earlier.sees(xid))) return found;
    await session.query('ROLLBACK');
    await session.query(`SELECT pg_sleep(${waitMs / 1000})`);
  }
}

/** The last stretch ends at that key; one in which nothing was read is gone. */
function closed(stretches: readonly Stretch[], key: readonly string[]): Stretch[] {
  const last = stretches.at(-1);
  const before = stretches.slice(0, -1);
  if (!last) return [];
  return JSON.stringify(before.at(-1)?.upTo) === JSON.stringify(key) ? before : [...before, { ...last, upTo: key }];
}

/** Rows behind a key. */
function behind({ key }: TableFacts, last: readonly string[] | null): string {
  if (last === null || key.length === 0) return '';
  return ` WHERE (${key.map(quoteName).join(', ')}) > (${last.map(literal).join(', ')})`;
}

/** In which stretch each of these keys is. */
export async function stretchesOf(session: Session, facts: TableFacts, stretches: readonly Stretch[], keys: readonly (readonly string[])[]): Promise<number[]> {
  const { key, columns, oid } = facts;
  const { rows: collations } = await session.query(
    `SELECT a.attname, format('%I.%I', n.nspname, l.collname) FROM pg_attribute a JOIN pg_collation l ON l.oid = a.attcollation JOIN pg_namespace n ON n.oid = l.collnamespace WHERE a.attrelid = ${oid}`,
  );
  const typed = key.map((name) => {
    const declared = columns.find((column) => column.name === name)?.declared ?? 'text';
    const collation = collations.find(([column]) => column === name)?.[1];
    return (text: string) => `${literal(text)}::${declared}${collation ? ` COLLATE ${collation}` : ''}`;
  });
  const tuple = (texts: readonly string[]) => texts.map((text, i) => itemAt(typed, i)(text)).join(', ');
  const names = key.map((_, i) => `k${i}`).join(', ');
  const limits = stretches.flatMap(({ upTo }, i) => (upTo ? [`WHEN (${names}) <= (${tuple(upTo)}) THEN ${i}`] : []));
  const values = keys.map((each, i) => `(${i}, ${tuple(each)})`).join(', ');
  const found = await session.query(
    `SELECT CASE ${limits.join(' ')} ELSE ${stretches.length - 1} END FROM (VALUES ${values}) AS keys (n, ${names}) ORDER BY n`,
  );
  return found.rows.map(([place]) => Number(place));
}

export function readProblem(error: unknown, { sql }: TableFacts, session: Session): unknown {
  if ((error as { code?: unknown } | null)?.code !== '42501') return session.problem(error);
  return new MillraceError(
    {
      code: 'postgres/denied',
      message: `User "${session.params.user}" may not read table ${sql}.`,
      hint: `Let its owner run GRANT SELECT ON ${sql} TO ${quoteName(session.params.user)}.`,
      field: 'connection',
    },
    { cause: error },
  );
}
