import { numbers, type SourceHarness } from '@millrace/kit/testing/source-trial';
import { whyMissing } from '../../servers/postgres.ts';
import { connectionTo, sharedPostgres } from '../../servers/shared-postgres.ts';

let trials = 0;

/** Each trial has a table, a slot and a publication of its own. */
function changes(slotBy: 'run' | 'others'): SourceHarness {
  const names = new Map<string, string>();
  const sql = async (statements: string) => (await sharedPostgres()).sql(statements);
  const nameIn = async (folder: string): Promise<string> => {
    const known = names.get(folder);
    if (known) return known;
    const name = `changes_${trials++}`;
    names.set(folder, name);
    await sql(`CREATE TABLE ${name} (n integer PRIMARY KEY)`);
    if (slotBy === 'others') {
      await sql(`CREATE PUBLICATION millrace_${name} FOR TABLE ${name}`);
      await sql(`SELECT pg_create_logical_replication_slot('millrace_${name}', 'pgoutput')`);
    }
    return name;
  };
  return {
    whyMissing,
    connection: () => connectionTo(sharedPostgres.started()),
    isAlone: true,
    params: async (folder) => ({ connection: 'shop', table: await nameIn(folder), slotBy, publicationBy: slotBy }),
    numberOf: ({ n }) => n as number,
    // Half of them as one transaction, each other as one of its own.
    async add(folder, from, to) {
      const name = await nameIn(folder);
      const middle = from + Math.ceil((to - from) / 2);
      const alone = numbers(middle, to).map((n) => `BEGIN; INSERT INTO ${name} VALUES (${n}); COMMIT;`);
      await sql(`BEGIN; INSERT INTO ${name} SELECT generate_series(${from}, ${middle - 1}); COMMIT; ${alone.join(' ')}`);
    },
    async dispose(folder) {
      const name = names.get(folder);
      if (!name) return;
      names.delete(folder);
      await sql(`SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE slot_name = 'millrace_${name}' AND NOT active`);
    },
  };
}

export default {
  'the rows of a table, then its changes': changes('run'),
  'a slot that exists': changes('others'),
} satisfies { readonly [setting: string]: SourceHarness };
