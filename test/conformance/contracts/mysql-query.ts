import type { SourceHarness } from '@millrace/kit/testing/source-trial';
import { whyMissing } from '../../servers/mariadb.ts';
import { connectionTo, sharedMariaDb } from '../../servers/shared-mariadb.ts';

const numberOf: SourceHarness['numberOf'] = ({ n }) => n as number;
let trials = 0;

/** Each trial has a table of its own. */
function query(more: { readonly [param: string]: unknown }, { grows = false }: { readonly grows?: boolean } = {}): SourceHarness {
  const names = new Map<string, string>();
  const nameIn = async (folder: string): Promise<string> => {
    const known = names.get(folder);
    if (known) return known;
    const name = `source_${trials++}`;
    names.set(folder, name);
    (await sharedMariaDb()).sql(`CREATE TABLE ${name} (n BIGINT PRIMARY KEY, text VARCHAR(100) NOT NULL)`);
    return name;
  };
  const add = async (folder: string, from: number, to: number): Promise<void> => {
    const name = await nameIn(folder);
    if (from < to) (await sharedMariaDb()).sql(`INSERT INTO ${name} SELECT seq, CONCAT('row ', seq) FROM seq_${from}_to_${to - 1}`);
  };
  return {
    whyMissing,
    connection: () => connectionTo(sharedMariaDb.started()),
    params: async (folder) => {
      const table = await nameIn(folder);
      const sql = `SELECT n, text FROM ${table} ORDER BY n;`;
      return { connection: 'shop', table, sql, ...more };
    },
    numberOf,
    ...(grows ? { add } : { make: (folder: string, rows: number) => add(folder, 0, rows) }),
  };
}

export default {
  'a query': query({ read: 'query' }),
  'a table in the order of a column': query({ cursor: 'n' }),
  'a query as it grows': query({ read: 'query', cursor: 'n', until: 'stopped', every: 100 }, { grows: true }),
} satisfies { readonly [setting: string]: SourceHarness };
