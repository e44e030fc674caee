/** A pipeline from Kafka with keyed state, to Kafka or to SQLite, whose run and whose broker are killed at random moments. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { formatPipeline } from '../../engine/document/file.ts';
import { openSqlite } from '../../io/sqlite/sqlite-driver.ts';
import { endRuns } from '../background-runs.ts';
import { node, pipeline } from '../processes/run-trial.ts';
import { startKafka } from '../servers/kafka.ts';
import { Topics } from '../servers/kafka-topics.ts';
import { DisturbedRun, until } from './disturbed-run.ts';

export interface KafkaKills {
  readonly to: 'kafka' | 'sqlite';
  readonly killsOfRun: number;
  readonly killsOfBroker: number;
  /** Between 0 and 1. */
  random(): number;
  onRound?(text: string): void;
}
interface Outcome {
  readonly sent: number;
  readonly killed: number;
  /** Rows that are not there, and rows that are there more than once or are others than an undisturbed run writes. */
  readonly lost: number;
  readonly wrong: number;
  readonly words: string;
}

export const keys = 37;
const partitions = 3;
const messagesPerSend = 200;
const sendEveryMs = 50;
const checkpointEvery = '200ms';

/** What is expected: of each key, its numbers in order with their running sum. */
export async function killKafka({ to, killsOfRun, killsOfBroker, random, onRound }: KafkaKills): Promise<Outcome> {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-kafka-kills-'));
  const data = join(folder, 'data');
  mkdirSync(data);
  const kafka = await startKafka(join(folder, 'kafka'));
  const topics = new Topics(kafka.brokers);
  try {
    const [input, output] = [await topics.create(partitions), await topics.create(partitions)];
    const file = writePipeline(folder, kafka.brokers, input, output, to);
    const run = new DisturbedRun(file, data, ['--checkpoint-every', checkpointEvery]);
    let sent = 0;
    let isOver = false;
    const feeding = (async () => {
      while (!isOver) {
        const from = sent;
        // Sent as a whole, or again: a broker that is killed meanwhile keeps each once.
        await topics.send(
          input,
          Array.from({ length: messagesPerSend }, (_, i) => ({
            key: `k${(from + i) % keys}`,
            value: JSON.stringify({ k: `k${(from + i) % keys}`, n: from + i }),
          })),
        );
        sent += messagesPerSend;
        await sleep(sendEveryMs);
      }
    })();
    let killed = 0;
    for (let round = 0; round < killsOfRun + killsOfBroker; round++) {
      const isBroker =
        round % Math.max(1, Math.ceil((killsOfRun + killsOfBroker) / Math.max(1, killsOfBroker))) === 0 &&
        round / Math.ceil((killsOfRun + killsOfBroker) / Math.max(1, killsOfBroker)) < killsOfBroker &&
        killsOfBroker > 0;
      if (!run.isAlive) run.start();
      await sleep(600 + random() * 2000);
      if (isBroker) {
        await kafka.kill();
        await sleep(random() * 1500);
        await kafka.restart();
      } else await run.killGroup();
      killed++;
      onRound?.(`${round + 1}: ${isBroker ? 'broker' : 'run'}, ${sent} sent`);
    }
    isOver = true;
    await feeding;
    if (!run.isAlive) run.start();
    const count = async () => (to === 'kafka' ? (await topics.read(output)).length : sqliteRows(folder).length);
    let last = -1;
    // Until all are there, or nothing has come for long.
    for (let quiet = 0; last < sent && quiet < 60; ) {
      await sleep(500);
      const now = await count().catch(() => last);
      quiet = now === last ? quiet + 1 : 0;
      last = now;
      if (!run.isAlive) run.start();
    }
    await run.stop().catch(() => run.killGroup());
    await until(
      () => !run.isAlive,
      () => run.words,
    );
    const rows = to === 'kafka' ? (await topics.read(output)).map(({ value }) => JSON.parse(String(value)) as Found) : sqliteRows(folder);
    return { sent, killed, words: run.words, ...compare(rows, sent) };
  } finally {
    await topics.close().catch(() => {});
    await endRuns(data);
    await kafka.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

export interface Found {
  readonly k: string;
  readonly n: number;
  readonly sum: number;
}

export function compare(rows: readonly Found[], sent: number): { readonly lost: number; readonly wrong: number } {
  const expected = new Map<number, number>();
  const sums = new Map<number, number>();
  for (let n = 0; n < sent; n++) {
    const sum = (sums.get(n % keys) ?? 0) + n;
    sums.set(n % keys, sum);
    expected.set(n, sum);
  }
  let wrong = 0;
  for (const { n, sum } of rows) {
    if (expected.get(n) === sum) expected.delete(n);
    else wrong++;
  }
  return { lost: expected.size, wrong };
}

function sqliteRows(folder: string): Found[] {
  const database = openSqlite(join(folder, 'out.db'), { access: 'read' });
  try {
    return database.prepare<[], Found>('SELECT k, n, sum FROM sums').all();
  } finally {
    database.close();
  }
}

function writePipeline(folder: string, brokers: string, input: string, output: string, to: 'kafka' | 'sqlite'): string {
  const types = [
    { column: 'k', type: 'string' },
    { column: 'n', type: 'integer' },
  ];
  const nodes = {
    in: node('kafka-topic', { connection: 'broker', topic: input, types }),
    sums: node('running-aggregate', { keys: ['k'], aggregations: [{ function: 'sum', column: 'n', name: 'sum' }] }),
    out:
      to === 'kafka'
        ? node('kafka-topic-output', { connection: 'broker', topic: output, keyColumn: 'k' })
        : node('sqlite-table', { path: 'out.db', table: 'sums', mode: 'append' }),
  };
  const connections = { format: 'millrace/connections', formatVersion: 1, connections: { broker: { type: 'kafka', params: { brokers } } } };
  writeFileSync(join(folder, 'connections.millrace.json'), JSON.stringify(connections));
  const file = join(folder, 'sums.millrace.json');
  writeFileSync(file, formatPipeline(pipeline(nodes, ['in -> sums', 'sums -> out'])));
  return file;
}
