import type { SinkHarness } from '@millrace/kit/testing/sink-trial';
import { connectionTo, missing, sharedPostgres } from '../../servers/shared-postgres.ts';

const server = missing() === null ? await sharedPostgres() : null;

function table(mode: string, settings: Pick<SinkHarness, 'earlier'> & { readonly exists?: boolean }): SinkHarness {
  const { exists = false, earlier } = settings;
  const sql = (statements: string) => server?.sql(statements) ?? '';
  return {
    connection: () => connectionTo(server!),
    params: { connection: 'shop', table: 't', mode, keys: mode === 'upsert' ? ['n'] : [] },
    files: [],
    earlier,
    clear: () => sql('DROP TABLE IF EXISTS t'),
    shown: () =>
      sql(`SELECT to_regclass('t') IS NOT NULL`) === 't'
        ? sql('SELECT n FROM t ORDER BY ctid')
            .split('\n')
            .flatMap((line) => (line === '' ? [] : [Number(line)]))
        : [],
    ...(exists && { before: () => sql("CREATE TABLE t (n bigint PRIMARY KEY, text text); INSERT INTO t VALUES (-1, 'before')") }),
  };
}

export default server
  ? {
      'a new table': table('create', { earlier: 'are refused' }),
      'a table that is replaced': table('replace', { earlier: 'make way', exists: true }),
      'a table that is added to': table('append', { earlier: 'stay', exists: true }),
      'a table that is updated by key': table('upsert', { earlier: 'stay', exists: true }),
    }
  : {};
