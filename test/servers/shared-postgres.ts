/** One server for all tests of a process that need nothing else of it. It ends with the process. */
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Connection } from '@millrace/kit/connection';
import pg from 'pg';
import { type PostgresServer, startPostgres } from './postgres.ts';

let starting: Promise<PostgresServer> | null = null;
let running: PostgresServer | null = null;
let asking: Promise<pg.Client> | null = null;

/** Starts it with the first call. */
export const sharedPostgres = Object.assign(
  (): Promise<PostgresServer> => {
    starting ??= startPostgres(mkdtempSync(join(tmpdir(), 'millrace-postgres-'))).then((server) => {
      running = server;
      return server;
    });
    return starting;
  },
  {
    started(): PostgresServer {
      if (!running) throw new Error('PostgreSQL has not been started');
      return running;
    },
    /** As `PostgresServer.sql`, in a session that is kept: much faster than a program of its own each time. Gives the first column. */
    async sql(statements: string): Promise<string[]> {
      const { host, port, user, database } = await sharedPostgres();
      asking ??= (async () => {
        const client = new pg.Client({ host, port, user, database, options: '-c lock_timeout=20s' });
        await client.connect();
        return client;
      })();
      const found = [await (await asking).query<unknown[]>({ text: statements, rowMode: 'array' })].flat().at(-1);
      return (found?.rows ?? []).map(([value]) => String(value));
    },
    async stop(): Promise<void> {
      await (await asking)?.end();
      asking = null;
      await (await starting)?.stop();
      starting = null;
      running = null;
    },
  },
);

export function connectionTo({ host, port, user, database }: PostgresServer, more: { readonly [param: string]: string | null } = {}): Connection {
  return { name: 'shop', type: 'postgres', params: { host, port, user, database, password: null, tls: 'off', ca: null, options: {}, ...more } };
}
