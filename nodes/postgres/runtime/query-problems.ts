/** What a server says about a query, as a problem that says what to do. */
import { MillraceError } from '../../../model/problems/problem.ts';
import { type Failed, type Session, stateOf } from './session.ts';
import { someTables } from './table-facts.ts';

/** `limitMs`: after how long the server was to give up; null: never. */
export async function queryProblem(
  error: unknown,
  session: Session,
  { read, table }: { readonly read: 'table' | 'query'; readonly table: string },
  limitMs: number | null,
): Promise<unknown> {
  const state = stateOf(error);
  if (error instanceof MillraceError || state === '') return error;
  const { message } = error as Failed;
  const options = { cause: error };
  const field = read === 'table' ? 'table' : 'sql';
  if (state === '57014' && limitMs !== null) {
    const text = `The query gave nothing within ${limitMs / 1000} s, which is as long as a sample may take.`;
    const hint = 'Let it find its first rows sooner (an index, a condition, a LIMIT). A run waits as long as it takes.';
    return new MillraceError({ code: 'postgres/slow', message: text, hint, field }, options);
  }
  if (state === '42501')
    return new MillraceError(
      { code: 'postgres/denied', message: `The server refuses it: ${message}.`, hint: 'Ask an administrator for that right.', field },
      options,
    );
  if (state === '42P01' || state === '3F000') {
    const known = await session
      .query('ROLLBACK')
      .then(() => someTables(session))
      .catch(() => 'Choose one of its tables.');
    const text = read === 'table' ? `There is no table "${table}" in ${session.params.database}.` : `The query is wrong: ${message}.`;
    return new MillraceError({ code: 'postgres/no-table', message: text, hint: known, field }, options);
  }
  if (state === '25006' || state === '0A000')
    return new MillraceError(
      { code: 'postgres/query', message: `The query is not one that only reads: ${message}.`, hint: 'Write one SELECT statement: a source only reads.', field },
      options,
    );
  if (state.startsWith('42'))
    return new MillraceError(
      { code: 'postgres/query', message: `The query is wrong: ${message}.`, hint: 'Write one SELECT statement in the SQL of PostgreSQL.', field },
      options,
    );
  const behaviour = /^(40|53|55|57)/.test(state) ? ('transient' as const) : undefined;
  const text = `The query failed: ${message} (${state}).`;
  return new MillraceError(
    { code: 'postgres/failed', message: text, hint: 'Correct the query, or what it reads.', field, ...(behaviour && { behaviour }) },
    options,
  );
}
