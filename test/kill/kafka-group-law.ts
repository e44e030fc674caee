/** A pipeline with keyed state and a table, run by several instances of a group that join, leave and are killed at random moments. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { formatPipeline } from '../../engine/document/file.ts';
import { endRuns } from '../background-runs.ts';
import { node, pipeline } from '../processes/run-trial.ts';
import type { Topics } from '../servers/kafka-topics.ts';
import { DisturbedRun, until } from './disturbed-run.ts';
import { compare, type Found, keys } from './kafka-law.ts';

export interface GroupKills {
  readonly brokers: string;
  readonly topics: Topics;
  readonly instances: number;
  readonly rounds: number;
  /** Between 0 and 1. */
  random(): number;
  onRound?(text: string): void;
}

const partitions = 6;
const messagesPerSend = 100;
const sendEveryMs = 50;

/** What is expected: of each key, its numbers in order with their running sum, and the name that a table has for it. */
export async function killGroup({ brokers, topics, instances, rounds, random, onRound }: GroupKills) {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-kafka-group-'));
  const data = join(folder, 'data');
  mkdirSync(data);
  const [input, output] = [await topics.create(partitions), await topics.create(3)];
  writeFileSync(join(folder, 'names.csv'), `id,name\n${Array.from({ length: keys }, (_, i) => `k${i},name of ${i}\n`).join('')}`);
  const file = writePipeline(folder, brokers, input, output);
  const options = ['--checkpoint-every', '200ms', '--group', 'sums', '--shares', '3'];
  const runs = Array.from({ length: instances }, () => new DisturbedRun(file, data, options));
  const words = () => runs.map((run, i) => `Instance ${i + 1}:\n${run.words}`).join('\n');
  let sent = 0;
  let isOver = false;
  const feeding = (async () => {
    while (!isOver) {
      const from = sent;
      await topics.send(
        input,
        Array.from({ length: messagesPerSend }, (_, i) => ({ key: `k${(from + i) % keys}`, value: JSON.stringify({ n: from + i }) })),
      );
      sent += messagesPerSend;
      await sleep(sendEveryMs);
    }
  })();
  try {
    for (let round = 0; round < rounds; round++) {
      const idle = runs.filter((run) => !run.isAlive);
      const alive = runs.filter((run) => run.isAlive);
      const pick = (of: readonly DisturbedRun[]) => of[Math.floor(random() * of.length)];
      const dice = random();
      let what = 'kill';
      if (alive.length === 0 || (idle.length > 0 && dice < 0.5)) {
        what = 'join';
        pick(idle)?.start();
      } else if (dice < 0.65) {
        what = 'leave';
        pick(alive)?.interrupt();
      } else await pick(alive)?.killGroup();
      onRound?.(`${round + 1}: ${what}, ${alive.length} were alive, ${sent} sent`);
      await sleep(500 + random() * 2500);
    }
    isOver = true;
    await feeding;
    for (const run of runs) if (!run.isAlive) run.start();
    let last = -1;
    let quietSince = Date.now();
    await until(
      async () => {
        const now = (await topics.read(output)).length;
        if (now !== last) quietSince = Date.now();
        last = now;
        return now >= sent || Date.now() - quietSince > 60_000;
      },
      () => `${last} of ${sent}. ${words()}`,
    );
    for (const run of runs) run.interrupt();
    for (const run of runs) await run.ended();
    const rows = (await topics.read(output)).map(({ value }) => JSON.parse(String(value)) as Found & { readonly key: string; readonly name: string });
    const misnamed = rows.filter(({ n, name }) => name !== `name of ${n % keys}`).length;
    return { sent, words: words(), misnamed, ...compare(rows, sent) };
  } finally {
    isOver = true;
    await feeding.catch(() => {});
    for (const run of runs) await run.killGroup();
    await endRuns(data);
    if (!process.env['MILLRACE_KEEP']) rmSync(folder, { recursive: true, force: true });
  }
}

function writePipeline(folder: string, brokers: string, input: string, output: string): string {
  const nodes = {
    in: node('kafka-topic', { connection: 'broker', topic: input, types: [{ column: 'n', type: 'integer' }], keyColumn: 'key' }),
    names: node('csv-file', { path: 'names.csv' }),
    named: node('join', { keys: [{ column: 'key', lookup: 'id' }] }),
    sums: node('running-aggregate', { keys: ['key'], aggregations: [{ function: 'sum', column: 'n', name: 'sum' }] }),
    out: node('kafka-topic-output', { connection: 'broker', topic: output, keyColumn: 'key' }),
  };
  const connections = { format: 'millrace/connections', formatVersion: 1, connections: { broker: { type: 'kafka', params: { brokers } } } };
  writeFileSync(join(folder, 'connections.millrace.json'), JSON.stringify(connections));
  const file = join(folder, 'sums.millrace.json');
  writeFileSync(file, formatPipeline(pipeline(nodes, ['in -> named', 'names -> named.lookup', 'named -> sums', 'sums -> out'])));
  return file;
}
