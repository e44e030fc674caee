/** The table that says which checkpoint of which lineage a database holds, and the lock by which one session at a time writes a lineage. */
import { createHash } from 'node:crypto';
import { MillraceError } from '@millrace/kit/errors';
import type { RunContext } from '@millrace/kit/node';
import type { ConnectionParams } from './connection-params.ts';
import { messageOf, numberOf } from './server-errors.ts';
import { literal, quoteName, Session, tableOf } from './session.ts';

const name = '_millrace_commits';
const declaration = '(lineage VARCHAR(191) COLLATE utf8mb4_bin PRIMARY KEY, checkpoint BIGINT NOT NULL, at DATETIME(6) NOT NULL) ENGINE=InnoDB';
const keptLineages = 1000;
const denied = [1142, 1143, 1044, 1370];

const sqlOf = (schema: string) => `${quoteName(schema)}.${name}`;

/** Holds it until the session releases its locks or is gone, which the server notices: also that of a process that was killed. */
export async function takeLineage(
  session: Session,
  { lineage, signal, waits }: Pick<RunContext, 'signal' | 'waits'> & { readonly lineage: string },
): Promise<void> {
  const lock = `millrace.${createHash('sha256').update(lineage).digest('hex').slice(0, 32)}`;
  for (let attempt = 1; ; attempt++) {
    const got = Number((await session.query(`SELECT GET_LOCK('${lock}', 1)`)).rows[0]?.[0]);
    if (got === 1) break;
    signal.throwIfAborted();
    waits?.(`an earlier session of this run to end, attempt ${attempt}`);
  }
  waits?.(null);
}

/** Makes the table where it is missing. No transaction may be open. */
export async function makeCommits(session: Session, schema: string): Promise<void> {
  try {
    if (!(await hasCommits(session, schema))) await session.query(`CREATE TABLE IF NOT EXISTS ${sqlOf(schema)} ${declaration}`);
    // By their keys: a look at all of them would wait for those that other runs are writing.
    const old = (await session.query(`SELECT lineage FROM ${sqlOf(schema)} ORDER BY at DESC LIMIT 100 OFFSET ${keptLineages}`)).rows;
    if (old.length > 0) await session.query(`DELETE FROM ${sqlOf(schema)} WHERE lineage IN (${old.map(([lineage]) => literal(String(lineage))).join(', ')})`);
    await session.query('COMMIT');
  } catch (error) {
    if (!denied.includes(numberOf(error))) throw error;
    const message = `The user of the connection may not make or write the table ${sqlOf(schema)}, which tells what was committed: ${messageOf(error)}.`;
    const hint = `Let an administrator run: CREATE TABLE ${sqlOf(schema)} ${declaration}; GRANT SELECT, INSERT, UPDATE, DELETE ON ${sqlOf(schema)} TO the user.`;
    throw new MillraceError({ code: 'mysql/denied', message, hint, field: 'connection' }, { cause: error });
  }
}

async function hasCommits(session: Session, schema: string): Promise<boolean> {
  const { rows } = await session.query(`SELECT 1 FROM information_schema.tables WHERE table_schema = ${literal(schema)} AND table_name = '${name}'`);
  return rows.length > 0;
}

export async function readCommitted(session: Session, schema: string, lineage: string): Promise<number | null> {
  if (!(await hasCommits(session, schema))) return null;
  const { rows } = await session.query(`SELECT checkpoint FROM ${sqlOf(schema)} WHERE lineage = ${literal(lineage)}`);
  return rows[0] ? Number(rows[0][0]) : null;
}

/** Within the transaction. Rejects where another number than `before` stands there: somebody else has written in between. */
export async function writeCommitted(session: Session, schema: string, lineage: string, before: number | null, checkpoint: number): Promise<void> {
  const found = (await session.query(`SELECT checkpoint FROM ${sqlOf(schema)} WHERE lineage = ${literal(lineage)} FOR UPDATE`)).rows[0];
  if (found && before !== null && Number(found[0]) !== before) {
    const message = `The database holds checkpoint ${String(found[0])} of this run, where ${before} was expected: another process writes it.`;
    throw new MillraceError({ code: 'mysql/changed', message, hint: 'End the other process, or run from scratch.', field: 'connection' });
  }
  await session.query(
    `INSERT INTO ${sqlOf(schema)} VALUES (${literal(lineage)}, ${checkpoint}, UTC_TIMESTAMP(6)) ON DUPLICATE KEY UPDATE checkpoint = VALUES(checkpoint), at = VALUES(at)`,
  );
}

export async function removeCommitted(session: Session, schema: string, lineage: string): Promise<void> {
  await session.query(`DELETE FROM ${sqlOf(schema)} WHERE lineage = ${literal(lineage)}`);
}

/** See `SinkDefinition.committedCheckpoint`. */
export async function committedIn(
  params: ConnectionParams,
  table: string,
  { lineage, signal }: { readonly lineage: string; readonly signal: AbortSignal },
): Promise<number | null> {
  const session = await Session.open(params, signal);
  const stop = () => session.close();
  signal.addEventListener('abort', stop, { once: true });
  try {
    await takeLineage(session, { lineage, signal });
    return await readCommitted(session, tableOf(table, params.database).schema, lineage);
  } finally {
    signal.removeEventListener('abort', stop);
    session.close();
  }
}
