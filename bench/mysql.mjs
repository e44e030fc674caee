// `node_modules/node/bin/node bench/mysql.mjs [ROWS]`: MariaDB in and out beside a hand-written loop over the same library. Starts a server
// of its own.
import { mkdtempSync, rmSync } from 'node:fs';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import mysql from 'mysql2';
import { openSource } from '../kit/testing/read-source.ts';
import { SinkRun } from '../kit/testing/sink-run.ts';
import source from '../nodes/mysql/mysql-query.ts';
import sink from '../nodes/mysql/mysql-table.ts';
import { startMariaDb } from '../test/servers/mariadb.ts';
import { connectionTo } from '../test/servers/shared-mariadb.ts';

const count = Number(process.argv[2] ?? 500_000);
const batch = 1000;
const folder = mkdtempSync(join(tmpdir(), 'millrace-bench-mysql-'));
const server = await startMariaDb(folder);
const connection = connectionTo(server);
const types = { n: 'integer', at: 'timestamp', text: 'string', x: 'number', ok: 'boolean', maybe: 'string', tags: 'json' };
const declared =
  'n BIGINT NOT NULL, at DATETIME(3) NOT NULL, text VARCHAR(100) NOT NULL, x DOUBLE NOT NULL, ok BOOLEAN NOT NULL, maybe VARCHAR(100), tags JSON';
const schema = { columns: Object.entries(types).map(([name, type]) => ({ name, type, nullable: name === 'maybe' || name === 'tags' })) };
const rowsFrom = (from) =>
  Array.from({ length: batch }, (_, i) => ({
    n: from + i,
    at: 1_700_000_000_000 + from + i,
    text: `row number ${from + i} of many`,
    x: (from + i) / 7,
    ok: i % 2 === 0,
    maybe: i % 3 === 0 ? null : 'something',
    tags: { a: i, b: ['x', 'y'] },
  }));

async function measured(what, run) {
  const cpu = process.cpuUsage();
  const startedAt = performance.now();
  await run();
  const seconds = (performance.now() - startedAt) / 1000;
  const used = process.cpuUsage(cpu);
  const cpuSeconds = (used.user + used.system) / 1e6;
  console.log(`${what.padEnd(34)} ${Math.round(count / seconds / 1000)} k/s, processor ${cpuSeconds.toFixed(2)} s (load ${loadavg()[0].toFixed(1)})`);
}

function bare() {
  const { host, port, user, database } = server;
  return mysql.createConnection({ host, port, user, database, timezone: 'Z' });
}
const query = (client, ...words) => new Promise((resolve, reject) => client.query(...words, (error, found) => (error ? reject(error) : resolve(found))));

async function bareIn(table) {
  const client = bare();
  await query(client, 'START TRANSACTION');
  for (let from = 0; from < count; from += batch) {
    const rows = rowsFrom(from).map(({ n, at, text, x, ok, maybe, tags }) => [n, new Date(at), text, x, ok, maybe, JSON.stringify(tags)]);
    await query(client, `INSERT INTO ${table} VALUES ?`, [rows]);
  }
  await query(client, 'COMMIT');
  client.destroy();
}

async function ourIn(table) {
  const run = new SinkRun(folder, { commits: 'end' });
  const writer = await run.open({ definition: sink, params: { connection: 'shop', table, mode: 'append' }, connection }, schema);
  for (let from = 0; from < count; from += batch) await writer.write(rowsFrom(from));
  await writer.prepare(1);
  await writer.commit(1);
  await run.close();
  if (run.failures.length > 0) throw new Error(run.failures[0].message);
}

/** Rows of the same types: `at` in milliseconds, `ok` true or false, `tags` parsed. */
async function bareOut(table) {
  const client = bare();
  let sum = 0;
  for await (const row of client.query(`SELECT * FROM ${table}`).stream()) {
    row.at = row.at.getTime();
    row.ok = row.ok === 1;
    sum += row.n;
  }
  client.destroy();
  return sum;
}

async function ourOut(table) {
  const opened = await openSource(source, folder, { connection: 'shop', table }, { connection });
  const reader = await opened.open();
  let sum = 0;
  for (let found = await reader.read(); found; found = await reader.read()) for (const { n } of found.rows) sum += n;
  await reader.close();
  return sum;
}

await Promise.all([sink.code.load(), source.code.load()]);
for (let round = 0; round < 3; round++) {
  for (const [name, write] of [
    ['bare', bareIn],
    ['millrace', ourIn],
  ]) {
    server.sql(`CREATE OR REPLACE TABLE ${name} (${declared})`);
    await measured(`in, ${name}`, () => write(name));
  }
  await measured('out, bare', () => bareOut('bare'));
  await measured('out, millrace', () => ourOut('millrace'));
}
await server.stop();
rmSync(folder, { recursive: true, force: true });
