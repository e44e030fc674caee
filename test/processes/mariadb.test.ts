/** MariaDB through the command line, from the build: a connection beside the pipeline, its password from the environment. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { formatPipeline } from '../../engine/document/file.ts';
import { millrace } from '../command-line.ts';
import { whyMissing } from '../servers/mariadb.ts';
import { skippedWithout } from '../servers/needed.ts';
import { paramsOf, sharedMariaDb } from '../servers/shared-mariadb.ts';
import { node, pipeline } from './run-trial.ts';

describe.skipIf(skippedWithout(whyMissing()))('a pipeline from MariaDB to MariaDB', () => {
  const password = 'right-password-2917';
  let folder: string;
  let file: string;
  beforeAll(async () => {
    const server = await sharedMariaDb();
    folder = mkdtempSync(join(tmpdir(), 'millrace-mariadb-run-'));
    server.sql(`CREATE USER runner@'%' IDENTIFIED BY '${password}'; GRANT ALL ON test.* TO runner@'%'`);
    server.sql('CREATE TABLE readings (n INT PRIMARY KEY, warm BOOLEAN NOT NULL, at DATETIME(6), price DECIMAL(10,2))');
    server.sql("INSERT INTO readings SELECT seq, seq % 3 = 0, '2026-01-31 12:00:00', seq / 4 FROM seq_0_to_299");
    const params = { ...paramsOf(server), user: 'runner', password: '${secret:shop_password}' };
    const connections = { format: 'millrace/connections', formatVersion: 1, connections: { shop: { type: 'mysql', params } } };
    writeFileSync(join(folder, 'connections.millrace.json'), JSON.stringify(connections));
    const nodes = {
      in: node('mysql-query', { connection: 'shop', table: 'readings' }),
      warm: node('filter', { rules: { match: 'all', rules: [{ column: 'warm', operator: '=', value: 'true' }] } }),
      out: node('mysql-table', { connection: 'shop', table: 'warm', mode: 'create' }),
    };
    file = join(folder, 'warm.millrace.json');
    writeFileSync(file, formatPipeline(pipeline(nodes, ['in -> warm', 'warm.kept -> out'])));
  });
  afterAll(async () => {
    rmSync(folder, { recursive: true, force: true });
    await sharedMariaDb.stop();
  });
  const run = (secret: string) => millrace(['run', file], folder, { MILLRACE_DATA: join(folder, 'data'), MILLRACE_SECRET_SHOP_PASSWORD: secret });

  it('reads and writes once, says where, and refuses to write a second time', async () => {
    const { code, output, errors } = await run(password);
    expect([code, errors]).toEqual([0, expect.anything()]);
    expect(output).toMatch(/100 rows -> test at 127.0.0.1:\d+, table warm/);
    const { sql } = sharedMariaDb.started();
    expect(sql('SELECT COUNT(*), SUM(n), SUM(price), MIN(at), MAX(at) FROM warm')).toMatch(
      /^100\t14850\t3712\.50*\t2026-01-31 12:00:00\.000000\t2026-01-31 12:00:00\.000000$/,
    );
    const again = await run(password);
    expect(again.code).not.toBe(0);
    expect(again.output + again.errors).toContain('Table "warm" exists already');
    expect(sql('SELECT COUNT(*) FROM warm')).toBe('100');
  });

  it('tells a wrong password at the node, and writes it nowhere', async () => {
    const wrong = 'wrong-password-7153';
    const { code, output, errors } = await run(wrong);
    expect(code).not.toBe(0);
    expect(output + errors).toContain('refused user "runner"');
    expect(output + errors).not.toContain(wrong);
    expect(holding(folder, wrong)).toEqual([]);
    expect(holding(folder, password)).toEqual([]);
  });
});

function holding(path: string, text: string): string[] {
  if (statSync(path).isDirectory()) return readdirSync(path).flatMap((name) => holding(join(path, name), text));
  return statSync(path).isFile() && readFileSync(path).includes(text) ? [path] : [];
}
