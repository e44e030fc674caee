/** One server for all tests of a process that need nothing else of it. It ends with the process. */
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Connection } from '@millrace/kit/connection';
import { type MariaDb, startMariaDb } from './mariadb.ts';

let starting: Promise<MariaDb> | null = null;
let running: MariaDb | null = null;

/** Starts it with the first call. */
export const sharedMariaDb = Object.assign(
  (): Promise<MariaDb> => {
    starting ??= startMariaDb(mkdtempSync(join(tmpdir(), 'millrace-mariadb-'))).then((server) => {
      running = server;
      return server;
    });
    return starting;
  },
  {
    started(): MariaDb {
      if (!running) throw new Error('MariaDB has not been started');
      return running;
    },
    async stop(): Promise<void> {
      await (await starting)?.stop();
      starting = null;
      running = null;
    },
  },
);

/** With the params of the connection's type, complete. */
export function paramsOf({ host, port, user, database }: MariaDb) {
  return { host, port, user, database, password: null, tls: 'off' as const, ca: null, options: {} };
}

export function connectionTo(server: MariaDb): Connection {
  return { name: 'shop', type: 'mysql', params: paramsOf(server) };
}
