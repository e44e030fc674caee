import { numbers, type SourceHarness } from '@millrace/kit/testing/source-trial';
import { whyMissing } from '../../servers/postgres.ts';
import { connectionTo, sharedPostgres } from '../../servers/shared-postgres.ts';

const numberOf: SourceHarness['numberOf'] = ({ n }) => n as number;

/** Each trial has a table of its own. */
function rows(params: (table: string) => { readonly [param: string]: unknown }, grows = false): SourceHarness {
  const tables = new Map<string, string>();
  const tableIn = async (folder: string): Promise<string> => {
    const known = tables.get(folder);
    if (known !== undefined) return known;
    const table = `source_${process.pid}_${trials++}`;
    tables.set(folder, table);
    await sharedPostgres.sql(`CREATE TABLE ${table} (n bigint PRIMARY KEY, text text, at timestamptz)`);
    return table;
  };
  const add = async (folder: string, from: number, to: number): Promise<void> => {
    const values = numbers(from, to).map((n) => `(${n}, 'row ${n}', now())`);
    const table = await tableIn(folder);
    if (values.length > 0) await sharedPostgres.sql(`INSERT INTO ${table} VALUES ${values.join(', ')}`);
  };
  return {
    whyMissing,
    connection: () => connectionTo(sharedPostgres.started()),
    params: async (folder) => ({ connection: 'shop', ...params(await tableIn(folder)) }),
    numberOf,
    ...(grows ? { add } : { make: (folder: string, count: number) => add(folder, 0, count) }),
  };
}
let trials = 0;

export default {
  'a table': rows((table) => ({ table })),
  'a query in the order of a cursor': rows((table) => ({ read: 'query', sql: `SELECT n, text FROM ${table}`, cursorColumn: 'n' })),
  'a table that grows': rows((table) => ({ table, cursorColumn: 'n', repeat: 100 }), true),
} satisfies { readonly [setting: string]: SourceHarness };
