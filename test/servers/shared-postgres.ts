/** One server for all tests of a process that need nothing else of it. It ends with the process. */
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Connection } from '@millrace/kit/connection';
import { type PostgresServer, startPostgres, whyMissing } from './postgres.ts';

/** A test is skipped for it, unless the machine is to have all servers: it then fails for it. */
export const missing = (): string | null => {
  const why = whyMissing();
  if (why !== null && (process.env['MILLRACE_SERVERS'] === 'required' || process.env['CI'] === 'true')) throw new Error(`A server is missing: ${why}`);
  return why;
};

let server: Promise<PostgresServer> | null = null;

export function sharedPostgres(): Promise<PostgresServer> {
  server ??= startPostgres(mkdtempSync(join(tmpdir(), 'millrace-postgres-')));
  return server;
}

export function connectionTo({ host, port, user, database }: PostgresServer, more: { readonly [param: string]: string } = {}): Connection {
  return { name: 'shop', type: 'postgres', params: { host, port, user, database, password: null, tls: 'off', ca: null, options: {}, ...more } };
}
