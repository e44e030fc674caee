/** PostgreSQL through the command line, from the build: a connection beside the pipeline, its password from the environment. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { formatPipeline } from '../../engine/document/file.ts';
import { millrace } from '../command-line.ts';
import { skippedWithout } from '../servers/needed.ts';
import { type PostgresServer, startPostgres, whyMissing } from '../servers/postgres.ts';
import { connectionTo } from '../servers/shared-postgres.ts';
import { node, pipeline } from './run-trial.ts';

describe.skipIf(skippedWithout(whyMissing()))('a pipeline from PostgreSQL to PostgreSQL', () => {
  const password = 'right-password-2208';
  let folder: string;
  let server: PostgresServer;
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'millrace-postgres-run-'));
    server = await startPostgres(folder, { password });
    server.sql('CREATE TABLE numbers AS SELECT n::bigint, n % 3 = 0 AS third FROM generate_series(1, 300) n');
    const params = { ...connectionTo(server).params, password: '${secret:shop_password}', ca: undefined, options: undefined };
    const connections = { format: 'millrace/connections', formatVersion: 1, connections: { shop: { type: 'postgres', typeVersion: 1, params } } };
    writeFileSync(join(folder, 'connections.millrace.json'), JSON.stringify(connections));
  });
  afterAll(async () => {
    await server.stop();
    rmSync(folder, { recursive: true, force: true });
  });
  const run = (table: string, given: string) => {
    const file = join(folder, `${table}.millrace.json`);
    const nodes = {
      in: node('postgres-query', { connection: 'shop', read: 'query', sql: 'SELECT n FROM numbers WHERE third ORDER BY n' }),
      out: node('postgres-table', { connection: 'shop', table, mode: 'replace' }),
    };
    writeFileSync(file, formatPipeline(pipeline(nodes, ['in -> out'])));
    return millrace(['run', file], folder, { MILLRACE_DATA: join(folder, 'state'), MILLRACE_SECRET_SHOP_PASSWORD: given });
  };

  it('reads and writes once, and says where', async () => {
    const { code, output, errors } = await run('thirds', password);
    expect([code, errors]).toEqual([0, expect.anything()]);
    expect(output).toContain(`100 rows -> postgres at 127.0.0.1:${server.port}, table thirds`);
    expect(server.sql('SELECT count(*), sum(n) FROM thirds')).toBe('100|15150');
  });

  it('tells a wrong password at the node', async () => {
    const { code, output, errors } = await run('others', 'wrong-password-7153');
    expect(code).not.toBe(0);
    expect(output + errors).toContain('refused user "postgres"');
    expect(output + errors).not.toContain('wrong-password-7153');
  });
});
