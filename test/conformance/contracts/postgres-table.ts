import type { SinkHarness } from '@millrace/kit/testing/sink-trial';
import { whyMissing } from '../../servers/postgres.ts';
import { connectionTo, sharedPostgres } from '../../servers/shared-postgres.ts';

let trials = 0;

/** Each trial has a schema of its own. */
function table(mode: string, settings: Pick<SinkHarness, 'earlier'> & { readonly exists?: boolean }): SinkHarness {
  const { exists = false, earlier } = settings;
  let schema = '';
  const { sql } = sharedPostgres;
  return {
    get params() {
      return { connection: 'shop', table: `${schema}.t`, mode, keys: mode === 'upsert' ? ['n'] : [] };
    },
    whyMissing,
    connection: () => connectionTo(sharedPostgres.started()),
    files: [],
    earlier,
    async clear() {
      schema = `trial_${trials++}`;
      await sql(`CREATE SCHEMA ${schema}`);
    },
    async shown() {
      const [exists] = await sql(`SELECT to_regclass('${schema}.t') IS NOT NULL`);
      return exists === 'true' ? (await sql(`SELECT n FROM ${schema}.t ORDER BY ctid`)).map(Number) : [];
    },
    ...(exists && {
      before: async () => {
        await sql(`CREATE TABLE ${schema}.t (n bigint PRIMARY KEY, text text); INSERT INTO ${schema}.t VALUES (-1, 'before')`);
      },
    }),
  };
}

export default {
  'a new table': table('create', { earlier: 'are refused' }),
  'a table that is replaced': table('replace', { earlier: 'make way', exists: true }),
  'a table that is added to': table('append', { earlier: 'stay', exists: true }),
  'a table that is updated by key': table('upsert', { earlier: 'stay', exists: true }),
} satisfies { readonly [setting: string]: SinkHarness };
