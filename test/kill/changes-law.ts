/** A pipeline from the changes of a PostgreSQL table, whose run and whose server are killed at random moments. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { formatPipeline } from '../../engine/document/file.ts';
import { openSqlite } from '../../io/sqlite/sqlite-driver.ts';
import { endRuns } from '../background-runs.ts';
import { node, pipeline } from '../processes/run-trial.ts';
import { startKafka } from '../servers/kafka.ts';
import { Topics } from '../servers/kafka-topics.ts';
import { type PostgresServer, startPostgres } from '../servers/postgres.ts';
import { DisturbedRun, until } from './disturbed-run.ts';

export interface ChangesKills {
  readonly to: 'sqlite' | 'postgres' | 'kafka';
  readonly killsOfRun: number;
  readonly killsOfServer: number;
  /** Between 0 and 1. */
  random(): number;
  onRound?(text: string): void;
}
interface Outcome {
  /** Changes that were written, and rows that the table has at the end. */
  readonly changes: number;
  readonly rows: number;
  /** What does not follow from the changes before it: some are missing, or there twice. */
  readonly wrong: readonly string[];
  readonly words: string;
}
interface Found {
  readonly _op: string;
  readonly _lsn: number;
  readonly id: number;
  readonly n: number;
}

const rowsBefore = 5000;
const checkpointEvery = '150ms';

/** Each update counts on by one, so that each change that is missing or doubled shows in the next one of its row, or in the table. */
export async function killChanges({ to, killsOfRun, killsOfServer, random, onRound }: ChangesKills): Promise<Outcome> {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-changes-kills-'));
  const data = join(folder, 'data');
  mkdirSync(data);
  const server = await startPostgres(folder);
  const kafka = to === 'kafka' ? await startKafka(join(folder, 'kafka')) : null;
  const topics = kafka ? new Topics(kafka.brokers) : null;
  try {
    server.sql(
      `CREATE TABLE orders (id integer PRIMARY KEY, n integer NOT NULL); INSERT INTO orders SELECT i, 0 FROM generate_series(1, ${rowsBefore}) i;
       CREATE TABLE log (id integer, n integer, _op text, _lsn bigint)`,
    );
    const topic = (await topics?.create(1)) ?? '';
    const run = new DisturbedRun(writePipeline(folder, server, to, kafka?.brokers ?? '', topic), data, ['--checkpoint-every', checkpointEvery]);
    const feed = new Feed(server, random);
    const found = async (): Promise<Found[]> => (topics ? topicRows(topics, topic) : to === 'sqlite' ? sqliteRows(folder) : logRows(server));
    const rounds = killsOfRun + killsOfServer;
    const every = Math.ceil(rounds / Math.max(1, killsOfServer));
    for (let round = 0; round < rounds; round++) {
      if (!run.isAlive) run.start();
      await sleep(1000 + random() * 2000);
      const isServer = killsOfServer > 0 && round % every === every - 1;
      if (isServer) {
        await server.kill();
        await sleep(random() * 500);
        await server.start();
      } else await run.killGroup();
      onRound?.(`${round + 1}: ${isServer ? 'server' : 'run'}, ${feed.count} changes`);
    }
    await feed.stop();
    if (!run.isAlive) run.start();
    const client = await connected(server);
    await client.query('INSERT INTO orders VALUES (0, 0)');
    await client.end();
    await until(
      async () => {
        if (!run.isAlive) run.start();
        return (await found().catch(() => [])).some(({ id }) => id === 0);
      },
      () => run.words,
    );
    await run.stop('--checkpoint').catch(() => run.killGroup());
    await until(
      () => !run.isAlive,
      () => run.words,
    );
    const changes = await found();
    const table = server.sql('SELECT id, n FROM orders').split('\n');
    return { changes: changes.length, rows: table.length, wrong: wrongOf(changes, table), words: run.words };
  } finally {
    await topics?.close().catch(() => {});
    await endRuns(data);
    await kafka?.stop();
    await server.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Changes rows without a pause, in transactions of several, whatever happens to the server. */
class Feed {
  count = 0;
  readonly #server: PostgresServer;
  readonly #random: () => number;
  readonly #ended: Promise<void>;
  #next = rowsBefore + 1;
  #isOver = false;

  constructor(server: PostgresServer, random: () => number) {
    this.#server = server;
    this.#random = random;
    this.#ended = this.#run();
  }

  async stop(): Promise<void> {
    this.#isOver = true;
    await this.#ended;
  }

  async #run(): Promise<void> {
    while (!this.#isOver) {
      try {
        const client = await connected(this.#server);
        client.on('error', () => {});
        while (!this.#isOver) {
          await client.query(this.#statements());
          this.count += 25;
          await sleep(20);
        }
        await client.end();
      } catch {
        await sleep(20);
      }
    }
  }

  /** One transaction. */
  #statements(): string {
    const from = this.#next;
    this.#next += 10;
    const some = Math.floor(this.#random() * this.#next);
    return `BEGIN; INSERT INTO orders SELECT i, 0 FROM generate_series(${from}, ${from + 9}) i; UPDATE orders SET n = n + 1 WHERE id BETWEEN ${some} AND ${some + 9};
      DELETE FROM orders WHERE id % 1000 = ${Math.floor(this.#random() * 1000)}; UPDATE orders SET n = n + 1 WHERE id = ${from}; COMMIT`;
  }
}

async function connected({ host, port, user, database }: PostgresServer): Promise<pg.Client> {
  const client = new pg.Client({ host, port, user, database });
  await client.connect();
  return client;
}

function wrongOf(changes: readonly Found[], table: readonly string[]): string[] {
  const state = new Map<number, number>();
  const wrong: string[] = [];
  for (const { _op, id, n } of [...changes].sort((a, b) => a._lsn - b._lsn)) {
    const before = state.get(id);
    const follows = _op === 'snapshot' || _op === 'insert' ? before === undefined : _op === 'update' ? before === n - 1 : before !== undefined;
    if (!follows) wrong.push(`${_op} of ${id} to ${n}, which was ${before}`);
    if (_op === 'delete') state.delete(id);
    else state.set(id, n);
  }
  const folded = new Set([...state].map(([id, n]) => `${id}|${n}`));
  for (const row of table) if (!folded.delete(row)) wrong.push(`${row} of the table is not there`);
  return [...wrong, ...[...folded].map((row) => `${row} is not in the table`)];
}

function sqliteRows(folder: string): Found[] {
  const database = openSqlite(join(folder, 'out.db'), { access: 'read' });
  try {
    return database.prepare<[], Found>('SELECT id, n, _op, _lsn FROM log').all();
  } finally {
    database.close();
  }
}

function logRows(server: PostgresServer): Found[] {
  const text = server.sql('SELECT id, n, _op, _lsn FROM log');
  return text.split('\n').flatMap((line) => {
    const [id, n, _op = '', _lsn] = line.split('|');
    return line === '' ? [] : [{ id: Number(id), n: Number(n), _op, _lsn: Number(_lsn) }];
  });
}

async function topicRows(topics: Topics, topic: string): Promise<Found[]> {
  return (await topics.read(topic)).map(({ value }) => JSON.parse(String(value)) as Found);
}

function writePipeline(folder: string, { host, port, user, database }: PostgresServer, to: ChangesKills['to'], brokers: string, topic: string): string {
  const nodes = {
    in: node('postgres-changes', { connection: 'shop', table: 'orders', beforeColumn: null, commitColumn: null }),
    out:
      to === 'kafka'
        ? node('kafka-topic-output', { connection: 'broker', topic, keyColumn: 'id' })
        : to === 'postgres'
          ? node('postgres-table', { connection: 'shop', table: 'log', mode: 'append' })
          : node('sqlite-table', { path: 'out.db', table: 'log', mode: 'append' }),
  };
  const connections = {
    shop: { type: 'postgres', params: { host, port, user, database, tls: 'off' } },
    ...(to === 'kafka' && { broker: { type: 'kafka', params: { brokers } } }),
  };
  writeFileSync(join(folder, 'connections.millrace.json'), JSON.stringify({ format: 'millrace/connections', formatVersion: 1, connections }));
  const file = join(folder, 'changes.millrace.json');
  writeFileSync(file, formatPipeline(pipeline(nodes, ['in -> out'])));
  return file;
}
