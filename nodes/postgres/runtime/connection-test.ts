/** What the form of a connection asks the server. */
import type { ConnectionContext, ConnectionEntry } from '@millrace/kit/connection';
import type { AnyParams } from '@millrace/kit/fields';
import { type ConnectionParams, literal, quoteName, Session, tableOf } from './session.ts';

const most = 5000;
const tables =
  "FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND n.nspname !~ '^(pg_|information_schema)' AND c.relname <> '_millrace_commits'";

export async function testConnection({ params, signal }: ConnectionContext<ConnectionParams>): Promise<string> {
  return inSession(params, signal, async (session) => {
    const { rows } = await session.query(`SELECT current_setting('server_version'), (SELECT count(*) ${tables})`);
    const [version = '', count] = rows[0] ?? [];
    return `PostgreSQL ${version?.split(' ')[0]}, ${count} ${count === '1' ? 'table' : 'tables'}`;
  });
}

export async function entriesOf(what: string, of: AnyParams, { params, signal }: ConnectionContext<ConnectionParams>): Promise<readonly ConnectionEntry[]> {
  const sql = queries[what]?.(of);
  if (sql === undefined) return [];
  return inSession(params, signal, async (session) => {
    const { rows } = await session.query(`${sql} LIMIT ${most}`);
    return rows.map(([name, detail]) => ({ name: name ?? '', ...(detail && { detail }) }));
  });
}

const queries: { readonly [what: string]: (of: AnyParams) => string } = {
  schemas: () => "SELECT nspname, null FROM pg_namespace WHERE nspname !~ '^(pg_|information_schema)' ORDER BY 1",
  tables: () =>
    `SELECT CASE WHEN n.nspname = 'public' AND c.relname !~ '[."]' THEN c.relname ELSE concat(CASE WHEN n.nspname ~ '[."]' THEN quote_ident(n.nspname) ELSE n.nspname END, '.', CASE WHEN c.relname ~ '[."]' THEN quote_ident(c.relname) ELSE c.relname END) END,
      CASE WHEN c.relkind IN ('v', 'm') THEN 'view' WHEN c.reltuples < 0 THEN 'table' ELSE concat('table, about ', to_char(c.reltuples, 'FM999,999,999,990'), ' rows') END ${tables} ORDER BY 1`,
  columns: ({ table }) => {
    const { schema, name } = tableOf(String(table ?? ''));
    return `SELECT attname, format_type(atttypid, atttypmod) FROM pg_attribute WHERE attrelid = to_regclass(${literal(`${quoteName(schema)}.${quoteName(name)}`)}) AND attnum > 0 AND NOT attisdropped ORDER BY attnum`;
  },
  publications: () => 'SELECT pubname, null FROM pg_publication ORDER BY 1',
  slots: () =>
    "SELECT slot_name, concat(plugin, CASE WHEN active THEN ', in use' END) FROM pg_replication_slots WHERE slot_type = 'logical' AND database = current_database() ORDER BY 1",
};

async function inSession<T>(params: ConnectionParams, signal: AbortSignal, use: (session: Session) => Promise<T>): Promise<T> {
  const session = await Session.open(params, signal);
  const stop = () => session.close();
  signal.addEventListener('abort', stop, { once: true });
  try {
    return await use(session);
  } finally {
    signal.removeEventListener('abort', stop);
    session.close();
  }
}
