/** The publication and the replication slot through which a table's changes are read: made, checked and removed. */
import { MillraceError } from '@millrace/kit/errors';
import type { SourceContext } from '@millrace/kit/node';
import type { ProblemCode } from '../../../model/problems/codes/index.ts';
import { type ChangeParams, isOwnName, namesOf } from '../change-params.ts';
import type { TableFacts } from './changed-table.ts';
import { lsnOf, lsnText } from './pgoutput.ts';
import { type ConnectionParams, type Failed, literal, quoteName, Session, stateOf } from './session.ts';

export interface MadeSlot {
  /** The log from here on comes. */
  readonly at: number;
  /** To be imported while the session is open that made it; null for a slot that others have made. */
  readonly snapshot: { readonly name: string; release(): void } | null;
}
type Context = Pick<SourceContext<unknown>, 'signal' | 'log' | 'waits'>;

/** Throws a MillraceError where this table's changes cannot be had from this server. */
export async function checkServer(session: Session, facts: TableFacts, params: ChangeParams): Promise<void> {
  const level = (await session.query('SHOW wal_level')).rows[0]?.[0];
  if (level !== 'logical') {
    refuse(
      'postgres/wal-level',
      `The server writes its log at the level "${level}": changes cannot be read from it.`,
      'Let an administrator run ALTER SYSTEM SET wal_level = logical, and restart the server.',
      'connection',
    );
  }
  const problem = identityProblem(facts);
  if (problem && params.publicationBy === 'run') throw new MillraceError({ code: 'postgres/no-identity', ...problem, field: 'table' });
}

/** Of a table whose updates and deletes the server would refuse once they are published. */
export function identityProblem({ key, identity, sql }: TableFacts): { readonly message: string; readonly hint: string } | null {
  if (identity === 'f' || identity === 'i' || (identity === 'd' && key.length > 0)) return null;
  return {
    message: `Table ${sql} has no primary key and no replica identity: once its changes are published, the server refuses to update and to delete its rows.`,
    hint: `Add a primary key, or run ALTER TABLE ${sql} REPLICA IDENTITY FULL.`,
  };
}

/** Makes the publication, or checks the one that exists. */
export async function openPublication(session: Session, facts: TableFacts, params: ChangeParams): Promise<void> {
  const { publication } = namesOf(params);
  const exists = (await session.query(`SELECT 1 FROM pg_publication WHERE pubname = ${literal(publication)}`)).rows.length > 0;
  if (!exists && params.publicationBy === 'others') {
    refuse('postgres/no-publication', `There is no publication "${publication}".`, 'Choose one of the database, or let the run make it.', 'publication');
  }
  if (!exists) {
    const viaRoot = Number((await session.query('SHOW server_version_num')).rows[0]?.[0]) >= 130_000 ? ' WITH (publish_via_partition_root = true)' : '';
    await session
      .query(`CREATE PUBLICATION ${quoteName(publication)} FOR TABLE ${facts.sql}${viaRoot}`)
      .catch((error: unknown) =>
        denied(
          error,
          session,
          `make a publication of ${facts.sql}`,
          'Only the owner of the table may, with CREATE on the database; or let an administrator make it, and choose "It exists".',
        ),
      );
  }
  const { rows } = await session.query(
    `SELECT 1 FROM pg_publication_tables WHERE pubname = ${literal(publication)} AND schemaname = ${literal(facts.schema)} AND tablename = ${literal(facts.name)}`,
  );
  if (rows.length > 0) return;
  refuse(
    'postgres/not-published',
    `The publication "${publication}" does not publish table ${facts.sql}.`,
    `Run ALTER PUBLICATION ${quoteName(publication)} ADD TABLE ${facts.sql}${facts.kind === 'p' ? ', with publish_via_partition_root = true' : ''}.`,
    'publication',
  );
}

interface SlotFacts {
  readonly plugin: string;
  readonly isHere: boolean;
  readonly activePid: string | null;
  readonly confirmed: number;
  readonly isLost: boolean;
}

/** For a run that starts from scratch. */
export async function openSlot(session: Session, connection: ConnectionParams, params: ChangeParams, context: Context): Promise<MadeSlot> {
  const { slot } = namesOf(params);
  const found = await slotFacts(session, slot);
  if (params.slotBy === 'others') {
    if (!found) refuse('postgres/slot-gone', `There is no replication slot "${slot}".`, 'Choose one of the database, or let the run make it.', 'slot');
    checkSlot(found, slot);
    return { at: found.confirmed, snapshot: null };
  }
  if (found) {
    if (!isOwnName(slot) || !found.isHere) {
      refuse(
        'postgres/slot-exists',
        `There is a replication slot "${slot}" already, which another program may read.`,
        `Choose "It exists" to read it, another name, or remove it: SELECT pg_drop_replication_slot(${literal(slot)});`,
        'slot',
      );
    }
    await dropSlot(session, slot);
    context.log('warning', `The replication slot "${slot}" of an earlier start was made anew. A pipeline that has read from it has to start from scratch.`);
  }
  return makeSlot(connection, slot, context);
}

/** For a run that goes on at `position`: throws a MillraceError unless everything behind it is there. */
export async function checkPosition(session: Session, slot: string, position: number): Promise<void> {
  const found = await slotFacts(session, slot);
  const again = 'Start the pipeline from scratch.';
  if (!found)
    refuse('postgres/slot-gone', `The replication slot "${slot}" is gone: the server has not kept what has changed since the checkpoint.`, again, 'slot');
  checkSlot(found, slot);
  if (found.confirmed > position) {
    const message = `The replication slot "${slot}" was read on by somebody else, or made anew: it is at ${lsnText(found.confirmed)}, and the checkpoint at ${lsnText(position)}. The changes in between are gone.`;
    refuse('postgres/slot-gone', message, `${again} Give each pipeline a slot of its own.`, 'slot');
  }
  const end = (await session.query('SELECT CASE WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn() ELSE pg_current_wal_lsn() END')).rows[0]?.[0];
  if (end && lsnOf(end) < position) {
    const message = `The log of the server ends at ${end}, before the position ${lsnText(position)} of the checkpoint: it was restored from an older copy.`;
    refuse('postgres/changed', message, again, 'connection');
  }
}

export async function systemOf(session: Session): Promise<string> {
  return (await session.query('SELECT system_identifier FROM pg_control_system()')).rows[0]?.[0] ?? '';
}

/** What a run has made; what others have made stays. Best effort: says what could not be removed. */
export async function removeMade(connection: ConnectionParams, params: ChangeParams, context: Context): Promise<void> {
  const { slot, publication } = namesOf(params);
  let session: Session | null = null;
  try {
    session = await Session.open(connection, context.signal);
    if (params.slotBy === 'run') {
      await dropSlot(session, slot);
      context.log('info', `The replication slot "${slot}" was removed.`);
    }
    if (params.publicationBy === 'run') await session.query(`DROP PUBLICATION IF EXISTS ${quoteName(publication)}`);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    context.log('warning', `The replication slot "${slot}" could not be removed: ${why} Remove it: SELECT pg_drop_replication_slot(${literal(slot)});`);
  } finally {
    session?.close();
  }
}

/** What a server says about a slot, as a problem with a way out; others as they are. */
export function slotProblem(error: unknown, session: Session, params: ChangeParams): unknown {
  const { slot, publication } = namesOf(params);
  const { message } = error as Failed;
  const of = (code: ProblemCode, text: string, hint: string, field: string) => new MillraceError({ code, message: text, hint, field }, { cause: error });
  switch (stateOf(error)) {
    case '55006':
      return of(
        'postgres/slot-in-use',
        `The replication slot "${slot}" is read by somebody else: ${message}.`,
        'End the other run, or give this pipeline a slot of its own.',
        'slot',
      );
    case '42704':
      if (/publication/.test(message)) {
        return of(
          'postgres/no-publication',
          `The server does not know the publication "${publication}" at this place of its log: ${message}.`,
          'Make it again, and start from scratch.',
          'publication',
        );
      }
      return of(
        'postgres/slot-gone',
        `The replication slot "${slot}" is gone: the server has not kept what has changed.`,
        'Start the pipeline from scratch.',
        'slot',
      );
    case '58P01':
    case '55000':
      if (/max_replication_slots/.test(message)) return slotsFull(error, message);
      if (/wal_level/.test(message))
        return of('postgres/wal-level', `Changes cannot be read: ${message}.`, 'Set wal_level = logical at the server, and restart it.', 'connection');
      return of(
        'postgres/slot-gone',
        `The replication slot "${slot}" is of no use any more: ${message}.`,
        'Start the pipeline from scratch; raise max_slot_wal_keep_size if the server gave it up.',
        'slot',
      );
    case '53400':
      return slotsFull(error, message);
    case '42501':
      return of(
        'postgres/denied',
        `User "${session.params.user}" may not read the log of the server: ${message}.`,
        `Let an administrator run ALTER ROLE ${quoteName(session.params.user)} REPLICATION.`,
        'connection',
      );
    default:
      return session.problem(error);
  }
}

function slotsFull(cause: unknown, message: string): MillraceError {
  const text = `The server has no room for another replication slot: ${message}.`;
  return new MillraceError(
    { code: 'postgres/slots-full', message: text, hint: 'Remove one that nobody needs, or raise max_replication_slots.', field: 'slot' },
    { cause },
  );
}

/** A connection that reads the log; only some users may have one. */
export async function openReplication(connection: ConnectionParams, signal: AbortSignal): Promise<Session> {
  try {
    return await Session.open(connection, signal, { replication: 'database' });
  } catch (error) {
    if (!(error instanceof MillraceError) || error.problem.code !== 'postgres/denied') throw error;
    const message = `User "${connection.user}" may not read the log of the server.`;
    throw new MillraceError(
      { code: 'postgres/denied', message, hint: `Let an administrator run ALTER ROLE ${quoteName(connection.user)} REPLICATION.`, field: 'connection' },
      { cause: error },
    );
  }
}

async function makeSlot(connection: ConnectionParams, slot: string, { signal, log, waits }: Context): Promise<MadeSlot> {
  const session = await openReplication(connection, signal);
  const stop = () => session.close();
  signal.addEventListener('abort', stop, { once: true });
  // The server waits for every transaction that is open to end.
  const timer = setTimeout(() => waits?.('waiting for open transactions of the server to end'), 2000);
  try {
    const [, at = '', snapshot] = (await session.query(`CREATE_REPLICATION_SLOT ${quoteName(slot)} LOGICAL pgoutput`)).rows[0] ?? [];
    log(
      'info',
      `The replication slot "${slot}" was made. The server keeps its log until this run has read it: remove the slot when the pipeline is needed no more (SELECT pg_drop_replication_slot(${literal(slot)});).`,
    );
    return { at: lsnOf(at ?? ''), snapshot: snapshot == null ? null : { name: snapshot, release: () => session.close() } };
  } catch (error) {
    session.close();
    signal.throwIfAborted();
    throw error;
  } finally {
    clearTimeout(timer);
    waits?.(null);
    signal.removeEventListener('abort', stop);
  }
}

async function slotFacts(session: Session, slot: string): Promise<SlotFacts | null> {
  const { rows } = await session.query(
    `SELECT plugin, coalesce(database = current_database(), false), active_pid, confirmed_flush_lsn, to_jsonb(s) ->> 'wal_status' = 'lost' FROM pg_replication_slots s WHERE slot_name = ${literal(slot)}`,
  );
  const found = rows[0];
  if (!found) return null;
  const [plugin, isHere, activePid, confirmed, isLost] = found;
  return { plugin: plugin ?? '', isHere: isHere === 't', activePid: activePid ?? null, confirmed: lsnOf(confirmed ?? '0/0'), isLost: isLost === 't' };
}

function checkSlot({ plugin, isHere, isLost }: SlotFacts, slot: string): void {
  if (!isHere || plugin !== 'pgoutput') {
    const what = isHere ? `of the plugin "${plugin}"` : 'not one of this database';
    refuse('postgres/slot-exists', `The replication slot "${slot}" is ${what}.`, 'Choose one of this database with the plugin pgoutput.', 'slot');
  }
  if (isLost) {
    const message = `The server has given up the replication slot "${slot}", because it held back more of the log than max_slot_wal_keep_size allows.`;
    refuse('postgres/slot-gone', message, 'Remove it, and start the pipeline from scratch.', 'slot');
  }
}

/** The process of a run that was killed may read it for another moment. */
async function dropSlot(session: Session, slot: string): Promise<void> {
  await session.query(`SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE slot_name = ${literal(slot)}`);
}

function denied(error: unknown, session: Session, what: string, hint: string): never {
  if (stateOf(error) !== '42501') throw error;
  throw new MillraceError({ code: 'postgres/denied', message: `User "${session.params.user}" may not ${what}.`, hint, field: 'connection' }, { cause: error });
}

function refuse(code: ProblemCode, message: string, hint: string, field: string): never {
  throw new MillraceError({ code, message, hint, field });
}
