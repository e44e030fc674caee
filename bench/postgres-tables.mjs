// Started by postgres.mjs. Starts a server of its own.
import { mkdtempSync, rmSync } from 'node:fs';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { openSource } from '../kit/testing/read-source.ts';
import { SinkRun } from '../kit/testing/sink-run.ts';
import source from '../nodes/postgres/postgres-query.ts';
import sink from '../nodes/postgres/postgres-table.ts';
import { CopyIn } from '../nodes/postgres/runtime/copy-in.ts';
import { startPostgres } from '../test/servers/postgres.ts';
import { connectionTo } from '../test/servers/shared-postgres.ts';

const count = Number(process.argv[2] ?? 500_000);
const batch = 1000;
const perCheckpoint = 100_000;
const folder = mkdtempSync(join(tmpdir(), 'millrace-bench-postgres-'));
const server = await startPostgres(folder);
const connection = connectionTo(server);
const types = { n: 'integer', at: 'timestamp', text: 'string', x: 'number', ok: 'boolean', maybe: 'string', tags: 'json' };
const declared = 'n bigint NOT NULL, at timestamptz NOT NULL, text text NOT NULL, x double precision NOT NULL, ok boolean NOT NULL, maybe text, tags jsonb';
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
  return { rate: count / seconds, cpuSeconds };
}

async function bare() {
  const client = new pg.Client({ host: server.host, port: server.port, user: server.user, database: server.database });
  await client.connect();
  return client;
}

/** Text as COPY wants it, by hand. */
function lineOf({ n, at, text, x, ok, maybe, tags }) {
  const escaped = (value) => value.replace(/[\\\n\r\t]/g, (found) => ({ '\\': '\\\\', '\n': '\\n', '\r': '\\r', '\t': '\\t' })[found]);
  const last = tags === null ? '\\N' : escaped(JSON.stringify(tags));
  return `${n}\t${new Date(at).toISOString()}\t${escaped(text)}\t${x}\t${ok ? 't' : 'f'}\t${maybe === null ? '\\N' : escaped(maybe)}\t${last}\n`;
}

async function bareOut(table) {
  const client = await bare();
  await client.query('BEGIN');
  let under = null;
  let lines = '';
  for (let from = 0; from < count; from += batch) {
    for (const row of rowsFrom(from)) lines += lineOf(row);
    if (lines.length < 512 * 1024 && from + batch < count) continue;
    const copy = new CopyIn(`COPY ${table} FROM STDIN`, Buffer.from(lines));
    lines = '';
    await under;
    client.query(copy);
    under = copy.done;
    if ((from + batch) % perCheckpoint < batch) {
      await under;
      await client.query('COMMIT; BEGIN');
    }
  }
  await under;
  await client.query('COMMIT');
  await client.end();
}

async function ourOut(table) {
  const run = new SinkRun(folder);
  const writer = await run.open({ definition: sink, params: { connection: 'shop', table, mode: 'append' }, connection }, schema);
  let checkpoint = 0;
  for (let from = 0; from < count; from += batch) {
    await writer.write(rowsFrom(from));
    if ((from + batch) % perCheckpoint >= batch) continue;
    await writer.prepare(++checkpoint);
    await writer.commit(checkpoint);
  }
  await writer.prepare(++checkpoint);
  await writer.commit(checkpoint);
  await run.close();
}

/** As a program would that wants the same values: its own parsers, rows as objects, portions by a cursor. */
async function bareIn(table) {
  const client = await bare();
  await client.query('BEGIN; SET TimeZone = UTC');
  await client.query(`DECLARE c NO SCROLL CURSOR FOR SELECT * FROM ${table}`);
  const parsers = { 20: Number, 701: Number, 16: (text) => text === 't', 1184: (text) => Date.parse(text), 3802: JSON.parse };
  const config = { text: 'FETCH 5000 FROM c', types: { getTypeParser: (id) => parsers[id] ?? ((text) => text) } };
  let rows = 0;
  for (;;) {
    const found = await client.query(config);
    if (found.rows.length === 0) break;
    rows += found.rows.length;
  }
  await client.query('COMMIT');
  await client.end();
  if (rows !== count) throw new Error(`${rows} rows`);
}

async function ourIn(table) {
  const opened = await openSource(source, folder, { connection: 'shop', table }, { connection, schema });
  const reader = await opened.open();
  let rows = 0;
  for (let found = await reader.read(); found; found = await reader.read()) rows += found.rows.length;
  await reader.close();
  if (rows !== count) throw new Error(`${rows} rows`);
}

const median = (list) => list.toSorted((a, b) => a - b)[list.length >> 1];
const share = (ours, theirs, of) => `${Math.round((100 * median(ours.map(of))) / median(theirs.map(of)))} %`;
const results = { bareOut: [], ourOut: [], bareIn: [], ourIn: [] };
const jobs = { bareOut, ourOut, bareIn, ourIn };
for (let round = 0; round < 3; round++) {
  for (const [name, job] of Object.entries(jobs)) {
    const table = name.endsWith('Out') ? `${name}${round}`.toLowerCase() : 'ourout0';
    if (name.endsWith('Out')) server.sql(`CREATE TABLE ${table} (${declared})`);
    results[name].push(await measured(name, () => job(table)));
    if (name === 'bareOut' || round > 0) if (name.endsWith('Out')) server.sql(`DROP TABLE ${table}`);
  }
}
for (const way of ['Out', 'In']) {
  const [ours, theirs] = [results[`our${way}`], results[`bare${way}`]];
  console.log(
    `${way}: ${share(ours, theirs, ({ rate }) => rate)} of the hand-written loop by time, ${share(theirs, ours, ({ cpuSeconds }) => cpuSeconds)} by processor`,
  );
}
await server.stop();
rmSync(folder, { recursive: true, force: true });
