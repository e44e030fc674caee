/** A pipeline from MariaDB with keyed state to MariaDB, whose run and whose server are killed at random moments. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { formatPipeline } from '../../engine/document/file.ts';
import { endRuns } from '../background-runs.ts';
import { node, pipeline } from '../processes/run-trial.ts';
import { type MariaDb, startMariaDb } from '../servers/mariadb.ts';
import { paramsOf } from '../servers/shared-mariadb.ts';
import { DisturbedRun, until } from './disturbed-run.ts';

export interface MariaDbKills {
  readonly killsOfRun: number;
  readonly killsOfServer: number;
  /** Between 0 and 1. */
  random(): number;
  onRound?(text: string): void;
}
interface Outcome {
  readonly sent: number;
  /** Rows that are not there, and rows that are there more than once or are others than an undisturbed run writes. */
  readonly lost: number;
  readonly wrong: number;
  readonly words: string;
}

const keys = 37;
const rowsPerInsert = 200;
const insertEveryMs = 50;

/** What is expected: of each key, its numbers in order with their running sum. */
export async function killMariaDb({ killsOfRun, killsOfServer, random, onRound }: MariaDbKills): Promise<Outcome> {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-mariadb-kills-'));
  const data = join(folder, 'data');
  mkdirSync(data);
  const server = await startMariaDb(join(folder, 'mariadb'));
  try {
    server.sql('CREATE TABLE input (n INT PRIMARY KEY, k VARCHAR(10) NOT NULL)');
    const run = new DisturbedRun(writePipeline(folder, server), data, ['--checkpoint-every', '200ms']);
    let sent = 0;
    let isOver = false;
    const feeding = (async () => {
      while (!isOver) {
        if (insert(server, sent, sent + rowsPerInsert)) sent += rowsPerInsert;
        await sleep(insertEveryMs);
      }
    })();
    const rounds = killsOfRun + killsOfServer;
    const each = Math.max(1, Math.floor(rounds / Math.max(1, killsOfServer)));
    for (let round = 0; round < rounds; round++) {
      const isOfServer = round % each === 0 && round / each < killsOfServer;
      if (!run.isAlive) run.start();
      await sleep(600 + random() * 2000);
      if (isOfServer) {
        await server.kill();
        await sleep(random() * 1500);
        await server.start();
      } else await run.killGroup();
      onRound?.(`${round + 1}: ${isOfServer ? 'server' : 'run'}, ${sent} sent`);
    }
    isOver = true;
    await feeding;
    let last = -1;
    // Until all are there, or nothing has come for long.
    for (let quiet = 0; last < sent && quiet < 60; ) {
      if (!run.isAlive) run.start();
      await sleep(500);
      const now = hasOutput(server) ? Number(server.sql('SELECT COUNT(*) FROM output')) : 0;
      quiet = now === last ? quiet + 1 : 0;
      last = now;
    }
    await run.stop('--checkpoint').catch(() => run.killGroup());
    await until(
      () => !run.isAlive,
      () => run.words,
    );
    return { sent, words: run.words, ...compare(server, sent) };
  } finally {
    await endRuns(data);
    await server.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** False where the server is away, or has them already: the answer to an insert before was lost. */
function insert({ sql }: MariaDb, from: number, to: number): boolean {
  try {
    sql(`INSERT IGNORE INTO input SELECT seq, CONCAT('k', seq % ${keys}) FROM seq_${from}_to_${to - 1}`);
    return true;
  } catch {
    return false;
  }
}

function hasOutput({ sql }: MariaDb): boolean {
  return sql("SELECT COUNT(*) FROM information_schema.tables WHERE table_schema = 'test' AND table_name = 'output'") === '1';
}

function compare({ sql }: MariaDb, sent: number): { readonly lost: number; readonly wrong: number } {
  const expected = new Map<number, number>();
  const sums = new Map<number, number>();
  for (let n = 0; n < sent; n++) {
    const sum = (sums.get(n % keys) ?? 0) + n;
    sums.set(n % keys, sum);
    expected.set(n, sum);
  }
  let wrong = 0;
  for (const line of sql('SELECT n, sum FROM output').split('\n')) {
    const [n = 0, sum = 0] = line.split('\t').map(Number);
    if (expected.get(n) === sum) expected.delete(n);
    else wrong++;
  }
  return { lost: expected.size, wrong };
}

function writePipeline(folder: string, server: MariaDb): string {
  const nodes = {
    in: node('mysql-query', { connection: 'shop', table: 'input', cursor: 'n', until: 'stopped', every: 100 }),
    sums: node('running-aggregate', { keys: ['k'], aggregations: [{ function: 'sum', column: 'n', name: 'sum' }] }),
    out: node('mysql-table', { connection: 'shop', table: 'output', mode: 'append' }),
  };
  const connections = {
    format: 'millrace/connections',
    formatVersion: 1,
    connections: { shop: { type: 'mysql', params: { ...paramsOf(server), password: undefined } } },
  };
  writeFileSync(join(folder, 'connections.millrace.json'), JSON.stringify(connections));
  const file = join(folder, 'sums.millrace.json');
  writeFileSync(file, formatPipeline(pipeline(nodes, ['in -> sums', 'sums -> out'])));
  return file;
}
