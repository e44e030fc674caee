import type { SinkHarness } from '@millrace/kit/testing/sink-trial';
import { whyMissing } from '../../servers/mariadb.ts';
import { connectionTo, sharedMariaDb } from '../../servers/shared-mariadb.ts';

let trials = 0;

/** Each trial has a database of its own. */
function table(mode: string, settings: Pick<SinkHarness, 'earlier'> & { readonly exists?: boolean }): SinkHarness {
  const { exists = false, earlier } = settings;
  let database = '';
  const sql = async (statements: string) => (await sharedMariaDb()).sql(statements);
  return {
    get params() {
      return { connection: 'shop', table: `${database}.t`, mode, keys: mode === 'upsert' ? ['n'] : [] };
    },
    whyMissing,
    connection: () => connectionTo(sharedMariaDb.started()),
    files: [],
    earlier,
    async clear() {
      database = `trial_${trials++}`;
      await sql(`CREATE DATABASE ${database}`);
    },
    async shown() {
      if ((await sql(`SELECT COUNT(*) FROM information_schema.tables WHERE table_schema = '${database}' AND table_name = 't'`)) !== '1') return [];
      const rows = await sql(`SELECT n FROM ${database}.t`);
      return rows === '' ? [] : rows.split('\n').map(Number);
    },
    ...(exists && {
      before: async () => {
        await sql(`CREATE TABLE ${database}.t (n BIGINT NOT NULL PRIMARY KEY, text LONGTEXT); INSERT INTO ${database}.t VALUES (-1, 'before')`);
      },
    }),
  };
}

export default {
  'a table that is replaced': table('replace', { earlier: 'make way', exists: true }),
  'a new table that is added to': table('append', { earlier: 'stay' }),
  'a table that is updated by key': table('upsert', { earlier: 'stay', exists: true }),
} satisfies { readonly [setting: string]: SinkHarness };
