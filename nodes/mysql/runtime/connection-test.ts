/** What the form of a connection asks the server. */
import type { ConnectionContext, ConnectionEntry } from '@millrace/kit/connection';
import type { AnyParams } from '@millrace/kit/fields';
import { thousands } from '../../../model/text/thousands.ts';
import type { ConnectionParams } from './connection-params.ts';
import { literal, quoteName, Session, tableOf } from './session.ts';

const most = 5000;
/** Those of the database, without what Millrace keeps there. */
const tables = "FROM information_schema.tables WHERE table_schema = DATABASE() AND table_name <> '_millrace_commits'";

export async function testConnection({ params, signal }: ConnectionContext<ConnectionParams>): Promise<string> {
  return inSession(params, signal, async (session) => {
    const count = Number((await session.query(`SELECT COUNT(*) ${tables}`)).rows[0]?.[0]);
    return `${session.isMariaDb ? 'MariaDB' : 'MySQL'} ${session.version}, ${thousands(count)} ${count === 1 ? 'table' : 'tables'}`;
  });
}

/** `what`: databases, tables, or the columns of the table in `of`. */
export async function entriesOf(what: string, of: AnyParams, { params, signal }: ConnectionContext<ConnectionParams>): Promise<readonly ConnectionEntry[]> {
  const found = queries[what];
  if (!found) return [];
  return inSession(params, signal, async (session) => {
    const { rows } = await session.query(`${found.sql(of, params)} LIMIT ${most}`);
    return rows.map((cells) => found.entry(cells));
  });
}

interface EntryQuery {
  sql(of: AnyParams, params: ConnectionParams): string;
  entry(cells: readonly unknown[]): ConnectionEntry;
}
const queries: { readonly [what: string]: EntryQuery } = {
  databases: { sql: () => 'SELECT schema_name FROM information_schema.schemata ORDER BY 1', entry: ([name]) => ({ name: String(name) }) },
  tables: {
    sql: () => `SELECT table_name, table_type, table_rows ${tables} ORDER BY 1`,
    entry: ([name, type, count]) => ({
      name: /[.`]/.test(String(name)) ? quoteName(String(name)) : String(name),
      detail: /VIEW/.test(String(type)) ? 'view' : `table, about ${thousands(Number(count ?? 0))} rows`,
    }),
  },
  columns: {
    sql({ table }, params) {
      const { schema, name } = tableOf(String(table ?? ''), params.database);
      const place = `table_schema = ${literal(schema)} AND table_name = ${literal(name)}`;
      return `SELECT column_name, column_type FROM information_schema.columns WHERE ${place} ORDER BY ordinal_position`;
    },
    entry: ([name, detail]) => ({ name: String(name), detail: String(detail) }),
  },
};

async function inSession<T>(params: ConnectionParams, signal: AbortSignal, use: (session: Session) => Promise<T>): Promise<T> {
  const session = await Session.open(params, signal, { reads: true });
  const stop = () => session.close();
  signal.addEventListener('abort', stop, { once: true });
  try {
    return await use(session);
  } finally {
    signal.removeEventListener('abort', stop);
    session.close();
  }
}
