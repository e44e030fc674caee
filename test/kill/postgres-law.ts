/** A pipeline from a PostgreSQL table with keyed state to another one, whose run and whose server are killed at random moments. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { formatPipeline } from '../../engine/document/file.ts';
import { endRuns } from '../background-runs.ts';
import { node, pipeline } from '../processes/run-trial.ts';
import { type PostgresServer, startPostgres } from '../servers/postgres.ts';
import { connectionTo } from '../servers/shared-postgres.ts';
import { DisturbedRun, until } from './disturbed-run.ts';

export interface PostgresKills {
  readonly kills: number;
  /** Each so many, it is the server that is killed. */
  readonly everyServer: number;
  /** Between 0 and 1. */
  random(): number;
  onRound?(text: string): void;
}
interface Outcome {
  readonly added: number;
  /** Rows that are not there, and rows that are there more than once or are others than an undisturbed run writes. */
  readonly lost: number;
  readonly wrong: number;
  readonly words: string;
}

const keys = 37;
const rowsAtOnce = 200;
const addEveryMs = 50;

/** What is expected: of each key, its numbers in order with their running sum. */
export async function killPostgres({ kills, everyServer, random, onRound }: PostgresKills): Promise<Outcome> {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-postgres-kills-'));
  const data = join(folder, 'data');
  mkdirSync(data);
  const server = await startPostgres(folder);
  try {
    server.sql('CREATE TABLE numbers (n bigint PRIMARY KEY); CREATE TABLE sums (k bigint, n bigint, sum bigint)');
    const run = new DisturbedRun(writePipeline(folder, server), data, ['--checkpoint-every', '200ms']);
    let added = 0;
    let isOver = false;
    const feeding = (async () => {
      while (!isOver) {
        if (add(server, added, added + rowsAtOnce)) added += rowsAtOnce;
        await sleep(addEveryMs);
      }
    })();
    for (let round = 1; round <= kills; round++) {
      if (!run.isAlive) run.start();
      const isServer = round % everyServer === 0;
      await sleep(400 + random() * 1200);
      if (isServer) {
        await server.kill();
        await sleep(random() * 500);
        await server.start();
      } else await run.killGroup();
      onRound?.(`${round}: ${isServer ? 'server' : 'run'}, ${added} added`);
    }
    isOver = true;
    await feeding;
    const count = () => Number(server.sql('SELECT count(*) FROM sums'));
    await until(
      () => {
        if (!run.isAlive) run.start();
        return count() >= added;
      },
      () => `${count()} of ${added} rows. ${run.words}`,
    );
    await run.stop('--checkpoint').catch(() => run.killGroup());
    await until(
      () => !run.isAlive,
      () => run.words,
    );
    return { added, words: run.words, ...compare(server.sql('SELECT k, n, sum FROM sums'), added) };
  } finally {
    await endRuns(data);
    await server.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** False where the server is not there. What it has stored without a word is not added twice. */
function add(server: PostgresServer, from: number, to: number): boolean {
  try {
    server.sql(`INSERT INTO numbers SELECT n FROM generate_series(${from}, ${to - 1}) n ON CONFLICT DO NOTHING`);
    return true;
  } catch {
    return false;
  }
}

function compare(rows: string, added: number): { readonly lost: number; readonly wrong: number } {
  const expected = new Map<number, string>();
  const sums = new Map<number, number>();
  for (let n = 0; n < added; n++) {
    const sum = (sums.get(n % keys) ?? 0) + n;
    sums.set(n % keys, sum);
    expected.set(n, `${n % keys}|${n}|${sum}`);
  }
  let wrong = 0;
  for (const row of rows.split('\n')) {
    const n = Number(row.split('|')[1]);
    if (expected.get(n) === row) expected.delete(n);
    else wrong++;
  }
  return { lost: expected.size, wrong };
}

function writePipeline(folder: string, server: PostgresServer): string {
  const nodes = {
    in: node('postgres-query', { connection: 'shop', read: 'query', sql: `SELECT n % ${keys} AS k, n FROM numbers`, cursorColumn: 'n', repeat: 100 }),
    sums: node('running-aggregate', { keys: ['k'], aggregations: [{ function: 'sum', column: 'n', name: 'sum' }] }),
    out: node('postgres-table', { connection: 'shop', table: 'sums', mode: 'append' }),
  };
  const { host, port, user, database, tls } = connectionTo(server).params;
  const params = { host, port, user, database, tls };
  const connections = { format: 'millrace/connections', formatVersion: 1, connections: { shop: { type: 'postgres', typeVersion: 1, params } } };
  writeFileSync(join(folder, 'connections.millrace.json'), JSON.stringify(connections));
  const file = join(folder, 'sums.millrace.json');
  writeFileSync(file, formatPipeline(pipeline(nodes, ['in -> sums', 'sums -> out'])));
  return file;
}
