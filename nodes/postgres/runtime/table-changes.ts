/** Changes of one table: as the server sends them, and to rows of it that were read at different moments. */
import { MillraceError } from '../../../model/problems/problem.ts';
import type { Change, Layout } from './change-rows.ts';
import { type TableFacts, tableFactsOf } from './changed-table.ts';
import type { Transaction } from './log-progress.ts';
import type { Message, Relation, Tuple } from './pgoutput.ts';
import type { Item } from './replication-stream.ts';
import type { Session } from './session.ts';
import { type Stretch, stretchesOf } from './table-snapshot.ts';

export type ChangeMessage = Extract<Message, { tag: 'insert' | 'update' | 'delete' | 'truncate' }>;

/** What is no change of any table is null. */
export function changeMessage({ message }: Item): ChangeMessage | null {
  const { tag } = message;
  return tag === 'insert' || tag === 'update' || tag === 'delete' || tag === 'truncate' ? message : null;
}

export function concerns(message: ChangeMessage, oid: number): boolean {
  return message.tag === 'truncate' ? message.oids.includes(oid) : message.oid === oid;
}

export function changeOf(message: ChangeMessage, { time }: Transaction, lsn: number, facts: TableFacts): Change {
  switch (message.tag) {
    case 'insert':
      return { operation: 'insert', cells: message.after, before: null, time, lsn };
    case 'update':
      return { operation: 'update', cells: message.after, before: message.before && { cells: message.before, isKey: message.isKey }, time, lsn };
    case 'delete':
      return { operation: 'delete', cells: message.before, before: { cells: message.before, isKey: message.isKey }, time, lsn };
    case 'truncate':
      return { operation: 'truncate', cells: facts.columns.map(() => null), before: null, time, lsn };
  }
}

/**
 * A change as it is to rows some of which were read behind its transaction: null where the rows have it already. An update that moves a row
 * from one part to the other is the half of it that is missing.
 */
export async function missingPart(
  change: Change,
  seen: readonly boolean[],
  {
    facts,
    stretches,
    layout,
    session,
  }: { readonly facts: TableFacts; readonly stretches: readonly Stretch[]; readonly layout: Layout; readonly session: Session },
): Promise<Change | null> {
  const { operation, cells, before } = change;
  if (operation === 'truncate') {
    throw new MillraceError({
      code: 'postgres/snapshot-lost',
      message: `Table ${facts.sql} was emptied while its rows were read, which had been interrupted.`,
      hint: 'Start the pipeline from scratch.',
      field: 'table',
    });
  }
  const keyOf = (tuple: Tuple) => layout.key.map((place) => tuple[place] ?? '');
  const [was, is] = [keyOf(before?.cells ?? cells), keyOf(cells)];
  const [wasIn = 0, isIn = 0] = await stretchesOf(session, facts, stretches, [was, is]);
  const [wasSeen, isSeen] = [seen[wasIn] === true, seen[isIn] === true];
  if (operation !== 'update') return isSeen ? null : change;
  if (wasSeen && isSeen) return null;
  if (wasSeen) return { ...change, operation: 'insert', before: null };
  return isSeen ? { ...change, operation: 'delete', cells: before?.cells ?? cells } : change;
}

// ---- Columns

export function hasOtherColumns({ columns }: Relation, facts: TableFacts): boolean {
  return columns.length !== facts.columns.length || columns.some(({ name, type }, i) => facts.columns[i]?.name !== name || facts.columns[i]?.typeOid !== type);
}

/**
 * Changes from before the run may have other columns than the table has now: gives those that it has no more. Throws a MillraceError where
 * the table is not what it was when the run began.
 */
export async function formerColumns({ columns }: Relation, facts: TableFacts, session: Session): Promise<string[]> {
  const now = await tableFactsOf(session, facts.oid);
  const differences = now ? differencesOf(facts, now) : ['it was dropped'];
  if (differences.length > 0) {
    throw new MillraceError({
      code: 'postgres/columns-changed',
      message: `The columns of table ${facts.sql} have changed: ${differences.join(', ')}. Everything before that was read.`,
      hint: 'Check the pipeline with the new columns, and start it again: it goes on where it was.',
      field: 'table',
    });
  }
  return columns.flatMap(({ name }) => (facts.columns.some((column) => column.name === name) ? [] : [name]));
}

function differencesOf(before: TableFacts, now: TableFacts): string[] {
  const old = new Map(before.columns.map(({ name, typeOid }) => [name, typeOid]));
  const differences = now.columns.flatMap(({ name, typeOid, declared }) => {
    const known = old.get(name);
    old.delete(name);
    if (known === undefined) return [`"${name}" is new`];
    return known === typeOid ? [] : [`"${name}" is ${declared} now`];
  });
  return [...differences, ...[...old.keys()].map((name) => `"${name}" is gone`)];
}
