/** Which checkpoint a table holds: a row of the table `_millrace_commits` beside it, written in the transaction of the rows. */
import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { MillraceError } from '../../../model/problems/problem.ts';
import { literal, quoteName, type Session, stateOf, tableOf } from './session.ts';

const keptDays = 365;
/** A transaction that a dead process has left is over within moments; where its client's machine is gone, the server does not notice. */
const fenceAfterMs = 1000;
const patienceMs = 60_000;

/** Of a run that writes a table. */
export interface Mark {
  readonly lineage: string;
  /** `schema.table`, as users write it. */
  readonly table: string;
}

function placeOf({ table }: Mark): string {
  return `${quoteName(tableOf(table).schema)}._millrace_commits`;
}
function which({ lineage, table }: Mark): string {
  return `lineage = ${literal(lineage)} AND "table" = ${literal(tableOf(table).name)}`;
}

/** The number of the last checkpoint, or null. */
export async function readMark(session: Session, mark: Mark): Promise<number | null> {
  const place = placeOf(mark);
  if (!(await session.query(`SELECT to_regclass(${literal(place)})`)).rows[0]?.[0]) return null;
  const found = (await session.query(`SELECT checkpoint FROM ${place} WHERE ${which(mark)}`)).rows[0]?.[0];
  return found == null ? null : Number(found);
}

export async function writeMark(session: Session, mark: Mark, checkpoint: number): Promise<void> {
  const place = placeOf(mark);
  try {
    if (!(await session.query(`SELECT to_regclass(${literal(place)})`)).rows[0]?.[0]) await session.query(creation(place));
    await session.query(
      `INSERT INTO ${place} VALUES (${literal(mark.lineage)}, ${literal(tableOf(mark.table).name)}, ${checkpoint}, now())
       ON CONFLICT (lineage, "table") DO UPDATE SET checkpoint = excluded.checkpoint, at = excluded.at;
       DELETE FROM ${place} WHERE at < now() - interval '${keptDays} days'`,
    );
  } catch (error) {
    if (stateOf(error) !== '42501') throw error;
    throw new MillraceError(
      {
        code: 'postgres/denied',
        message: `The user of the connection may not make or write the table ${place}, which tells what was committed.`,
        hint: `Let an administrator run: ${creation(place)}; GRANT SELECT, INSERT, UPDATE, DELETE ON ${place} TO ${quoteName(session.params.user)};`,
        field: 'connection',
      },
      { cause: error },
    );
  }
}

function creation(place: string): string {
  return `CREATE TABLE IF NOT EXISTS ${place} (lineage text, "table" text, checkpoint bigint NOT NULL, at timestamptz NOT NULL, PRIMARY KEY (lineage, "table"))`;
}

export async function removeMark(session: Session, mark: Mark): Promise<void> {
  await session.query(`DELETE FROM ${placeOf(mark)} WHERE ${which(mark)}`);
}

/**
 * Until the transaction ends, no other one of this lineage writes this table: what a process that is gone had begun is over, one way or the
 * other. Where its end does not come, it is brought about.
 */
export async function lockMark(session: Session, mark: Mark): Promise<void> {
  const hash = createHash('sha256')
    .update(`millrace ${mark.lineage} ${tableOf(mark.table).sql}`)
    .digest();
  const [first, second] = [hash.readInt32LE(0), hash.readInt32LE(4)];
  const since = performance.now();
  for (let pause = 5; ; pause = Math.min(pause * 2, 500)) {
    if ((await session.query(`SELECT pg_try_advisory_xact_lock(${first}, ${second})`)).rows[0]?.[0] === 't') return;
    const lasted = performance.now() - since;
    if (lasted > fenceAfterMs) {
      const holder = `classid = ${first}::int8 & 4294967295 AND objid = ${second}::int8 & 4294967295 AND objsubid = 2`;
      const query = `SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND granted AND ${holder} AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`;
      await session.query(`SAVEPOINT fence; ${query}; RELEASE SAVEPOINT fence`).catch(() => session.query('ROLLBACK TO SAVEPOINT fence'));
    }
    if (lasted > patienceMs) {
      throw new MillraceError({
        code: 'postgres/locked',
        message: `Another session writes table "${mark.table}" for this run, and does not end.`,
        hint: 'End it: the server lists sessions in pg_stat_activity, with "millrace" as their application.',
        field: 'table',
      });
    }
    await sleep(pause);
  }
}
