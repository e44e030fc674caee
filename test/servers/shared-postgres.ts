/** One server for all tests of a process that need nothing else of it. It ends with the process. */
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Connection } from '@millrace/kit/connection';
import { type PostgresServer, startPostgres } from './postgres.ts';

let starting: Promise<PostgresServer> | null = null;
let running: PostgresServer | null = null;

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
    async stop(): Promise<void> {
      await (await starting)?.stop();
      starting = null;
      running = null;
    },
  },
);

export function connectionTo({ host, port, user, database }: PostgresServer, more: { readonly [param: string]: string | null } = {}): Connection {
  return { name: 'shop', type: 'postgres', params: { host, port, user, database, password: null, tls: 'off', ca: null, options: {}, ...more } };
}
