/** Kafka's topics as tables and by windows: real brokers, partitions, deletions, and the same rows as from files. */
import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { formatPipeline } from '../../engine/document/file.ts';
import { endRuns } from '../background-runs.ts';
import { DisturbedRun, until } from '../kill/disturbed-run.ts';
import { node, pipeline } from '../processes/run-trial.ts';
import { type Kafka, whyMissing } from '../servers/kafka.ts';
import type { Sent, Topics } from '../servers/kafka-topics.ts';
import { skippedWithout } from '../servers/needed.ts';
import { sharedKafka } from '../servers/shared-kafka.ts';

type Nodes = Parameters<typeof pipeline>[0];

describe.skipIf(skippedWithout(whyMissing()))('topics that meet by event time', () => {
  let topics: Topics;
  let brokers: string;
  let broker: Kafka;
  let folder: string;
  let data: string;
  beforeAll(async () => {
    const shared = await sharedKafka();
    topics = shared.topics;
    broker = shared.kafka;
    brokers = broker.brokers;
  });
  afterAll(() => sharedKafka.stop());
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'millrace-kafka-tables-'));
    data = join(folder, 'data');
    const connections = { broker: { type: 'kafka', params: { brokers } } };
    writeFileSync(join(folder, 'connections.millrace.json'), JSON.stringify({ format: 'millrace/connections', formatVersion: 1, connections }));
  });
  afterEach(async () => {
    await endRuns(data);
    rmSync(folder, { recursive: true, force: true });
  });

  const runOf = (nodes: Nodes, edges: readonly string[], name = 'trial'): DisturbedRun => {
    const file = join(folder, `${name}.millrace.json`);
    writeFileSync(file, formatPipeline(pipeline(nodes, edges)));
    return new DisturbedRun(file, data, ['--checkpoint-every', '200ms']);
  };
  const found = async (topic: string) => (await topics.read(topic)).map(({ value }) => JSON.parse(String(value)) as Record<string, unknown>);
  const wait = async (run: DisturbedRun, topic: string, count: number) => {
    let now: unknown[] = [];
    await until(
      async () => {
        now = await found(topic);
        return now.length >= count || !run.isAlive;
      },
      () => `${now.length} of ${count}. ${run.words}`,
    );
    expect(now.length, run.words).toBe(count);
  };
  const at = (second: number) => Date.now() - 3_600_000 + second * 1000;

  it('joins a stream with a compacted topic: updates and deletions count from their time on, over a kill and a restart', async () => {
    const [orders, customers, output] = [await topics.create(3), await topics.create(3, undefined, { 'cleanup.policy': 'compact' }), await topics.create(2)];
    const start = at(0);
    const time = (second: number) => start + second * 1000;
    const customer = (id: string, name: string | null, second: number): Sent => ({
      key: id,
      value: name === null ? null : JSON.stringify({ name }),
      timestamp: time(second),
    });
    const order = (n: number, id: string, second: number): Sent => ({ key: id, value: JSON.stringify({ n, id }), timestamp: time(second) });
    const timed = { timestampColumn: 'at', eventTime: 'column', timeColumn: 'at' };
    const nodes: Nodes = {
      orders: node('kafka-topic', {
        connection: 'broker',
        topic: orders,
        types: [
          { column: 'n', type: 'integer' },
          { column: 'id', type: 'string' },
        ],
        ...timed,
      }),
      customers: node('kafka-topic', {
        connection: 'broker',
        topic: customers,
        types: [{ column: 'name', type: 'string' }],
        keyColumn: 'key',
        deletedColumn: 'deleted',
        readFirst: true,
        ...timed,
      }),
      join: node('join', { kind: 'left', keys: [{ column: 'id', lookup: 'key' }], table: 'changing', deletedColumn: 'deleted', initial: true }),
      out: node('kafka-topic-output', { connection: 'broker', topic: output, keyColumn: 'id' }),
    };
    const run = runOf(nodes, ['orders -> join', 'customers -> join.lookup', 'join -> out']);
    // The table is there; of customers older than their first version there is no history.
    await topics.send(customers, [
      customer('a', 'Ann', 10),
      customer('b', 'Bob', 20),
      customer('a', 'Anna', 30),
      customer('c', 'Cy', 30),
      customer('d', null, 31),
    ]);
    await topics.send(orders, [order(1, 'a', 5), order(2, 'a', 29), order(3, 'a', 31), order(4, 'b', 40), order(5, 'd', 40), order(6, 'c', 41)]);
    run.start();
    // All partitions of both go on, so that no order waits.
    const goOn = async (second: number) => {
      const all = [0, 1, 2].map((partition) => ({ partition, timestamp: time(second) }));
      await topics.send(
        customers,
        all.map((each) => ({ ...each, key: `time${each.partition}`, value: '{"name":null}' })),
      );
      await topics.send(
        orders,
        all.map((each) => ({ ...each, key: 'none', value: `{"n":${-second},"id":null}` })),
      );
    };
    await goOn(50);
    await wait(run, output, 6);
    await run.killGroup();
    await topics.send(customers, [customer('b', null, 60), customer('c', 'Cyd', 70)]);
    await topics.send(orders, [order(7, 'b', 59), order(8, 'b', 61), order(9, 'c', 69), order(10, 'c', 71)]);
    run.start();
    await goOn(80);
    await wait(run, output, 6 + 3 + 4);
    await run.stop();
    await run.ended();
    await topics.send(customers, [customer('b', 'Bo', 90)]);
    await topics.send(orders, [order(11, 'b', 89), order(12, 'b', 91)]);
    run.start();
    await goOn(100);
    await wait(run, output, 6 + 3 + 4 + 3 + 2);
    const rows = (await found(output)).filter(({ n }) => Number(n) > 0).sort((a, b) => Number(a['n']) - Number(b['n']));
    const names = ['Ann', 'Ann', 'Anna', 'Bob', null, 'Cy', 'Bob', null, 'Cy', 'Cyd', null, 'Bo'];
    expect(rows.map(({ n, name }) => [n, name])).toEqual(names.map((name, i) => [i + 1, name]));
  });

  it('windows over partitions, and two topics joined by windows, give the rows of files', async () => {
    const from = Math.ceil(at(0) / 60_000) * 60_000;
    // Seven keys in three of four partitions: one never has a message. Times are out of order, also within a partition.
    const made = (salt: number) =>
      Array.from({ length: 600 }, (_, n) => ({ n, k: `k${(n * salt) % 7}`, at: from + n * 400 + ((n * 7919 * salt) % 9000), amount: (n * salt) % 13 }));
    const sides = { left: made(3), right: made(5) };
    const types = [
      { column: 'n', type: 'integer' },
      { column: 'k', type: 'string' },
      { column: 'at', type: 'timestamp' },
      { column: 'amount', type: 'integer' },
    ];
    const timed = { types, eventTime: 'column', timeColumn: 'at', outOfOrder: 10_000 };
    const between = (output: string): Nodes => ({
      windows: node('aggregate', {
        groupBy: ['k'],
        window: 'sliding',
        length: 20_000,
        every: 5000,
        aggregations: [
          { function: 'count', column: null, name: 'rows' },
          { function: 'sum', column: 'amount', name: 'amount' },
          { function: 'max', column: 'n', name: 'n' },
        ],
      }),
      pairs: node('stream-join', { kind: 'outer', keys: [{ left: 'k', right: 'k' }], match: 'tumbling', every: 5000 }),
      windows_out: node('kafka-topic-output', { connection: 'broker', topic: `${output}-windows`, keyColumn: 'k' }),
      pairs_out: node('kafka-topic-output', { connection: 'broker', topic: `${output}-pairs`, keyColumn: 'k' }),
    });
    const edges = ['left -> windows', 'windows -> windows_out', 'left -> pairs.left', 'right -> pairs.right', 'pairs -> pairs_out'];
    const outputs = { kafka: await topics.create(2), files: await topics.create(2) };
    const ofKafka: Record<string, Nodes[string]> = {};
    const ofFiles: Record<string, Nodes[string]> = {};
    for (const [side, rows] of Object.entries(sides)) {
      const topic = await topics.create(4);
      for (const each of [topic, ...Object.values(outputs).map((name) => `${name}-${side === 'left' ? 'windows' : 'pairs'}`)])
        if (each !== topic) await topics.create(2, each);
      ofKafka[side] = node('kafka-topic', { connection: 'broker', topic, ...timed });
      ofFiles[side] = node('jsonl-file', { path: `${side}.jsonl`, ...timed });
      const lines = rows.map((row) => JSON.stringify({ ...row, at: new Date(row.at).toISOString() }));
      writeFileSync(join(folder, `${side}.jsonl`), lines.map((line) => `${line}\n`).join(''));
      await topics.send(
        topic,
        rows.map(({ k }, i) => ({ key: k, value: lines[i] ?? '', partition: Number(k.slice(1)) % 3 })),
      );
    }
    const files = runOf({ ...ofFiles, ...between(outputs.files) }, edges, 'files');
    files.start();
    expect(await files.ended(), files.words).toBe(0);
    const kafka = runOf({ ...ofKafka, ...between(outputs.kafka) }, edges, 'kafka');
    kafka.start();
    // Killed between, and let go of what waits when all has been read.
    await until(
      async () => (await topics.read(`${outputs.kafka}-windows`)).length > 20,
      () => kafka.words,
    );
    await kafka.killGroup();
    kafka.start();
    await until(
      async () => Math.min(await kafka.rowsOut('left'), await kafka.rowsOut('right')) === 600,
      () => kafka.words,
    );
    await kafka.stop('--drain');
    expect(await kafka.ended(), kafka.words).toBe(0);
    for (const part of ['windows', 'pairs']) {
      const rowsIn = async (output: string) => (await topics.read(`${output}-${part}`)).map(({ value }) => String(value)).sort();
      const expected = await rowsIn(outputs.files);
      expect(expected.length).toBeGreaterThan(100);
      expect(await rowsIn(outputs.kafka), kafka.words).toEqual(expected);
    }
  });

  it('the examples run: windows of each customer, and orders with what the table of customers says', async () => {
    const examples = join(import.meta.dirname, '../../examples/kafka');
    for (const name of ['orders', 'customers', 'customer-minutes', 'orders-with-customers'])
      await topics.create(2, name, name === 'customers' ? { 'cleanup.policy': 'compact' } : {});
    const start = Math.floor(at(0) / 60_000) * 60_000;
    const time = (second: number) => start + second * 1000;
    const order = (number: number, customer: string, amount: string, second: number): Sent => ({
      key: customer,
      value: `{"order":${number},"amount":${amount}}`,
      timestamp: time(second),
    });
    await topics.send('customers', [
      { key: 'ann', value: '{"name":"Ann","country":"DE"}', timestamp: time(30) },
      { key: 'bob', value: '{"name":"Bob","country":"FR"}', timestamp: time(0) },
      { key: 'bob', value: null, timestamp: time(50) },
    ]);
    await topics.send('orders', [
      order(1, 'ann', '1.10', 1),
      order(2, 'bob', '2.20', 40),
      order(3, 'ann', '3.30', 45),
      order(4, 'bob', '4.40', 55),
      // Time goes on for both.
      order(5, 'ann', '0', 200),
      order(6, 'bob', '0', 200),
    ]);
    const runs = ['customer-minutes', 'orders-with-customers'].map((name) => {
      copyFileSync(join(examples, `${name}.millrace.json`), join(folder, `${name}.millrace.json`));
      return new DisturbedRun(join(folder, `${name}.millrace.json`), data, ['--checkpoint-every', '200ms']);
    });
    const connections = { kafka: { type: 'kafka', params: { brokers } } };
    writeFileSync(join(folder, 'connections.millrace.json'), JSON.stringify({ format: 'millrace/connections', formatVersion: 1, connections }));
    for (const run of runs) run.start();
    await wait(runs[0]!, 'customer-minutes', 2);
    await wait(runs[1]!, 'orders-with-customers', 4);
    const minutes = await found('customer-minutes');
    expect(minutes.map(({ customer, orders, amount }) => [customer, orders, amount]).sort()).toEqual([
      ['ann', 2, '4.40'],
      ['bob', 2, '6.60'],
    ]);
    const joined = await found('orders-with-customers');
    expect(joined.map(({ order, name }) => [order, name]).sort()).toEqual([
      [1, 'Ann'],
      [2, 'Bob'],
      [3, 'Ann'],
      [4, null],
    ]);
  });

  it('a run that is started while the broker is away says so, and begins when it is back', async () => {
    const [input, output] = [await topics.create(1), await topics.create(1)];
    await topics.send(input, [{ value: '{"n":1}' }]);
    const nodes = (format: string): Nodes => ({
      in: node('kafka-topic', { connection: 'broker', topic: input, format }),
      out: node('kafka-topic-output', { connection: 'broker', topic: output }),
    });
    // Columns of JSON are told from messages, those of text are known: one waits before its run begins, the other one within it.
    const runs = ['json', 'text'].map((format) => runOf(nodes(format), ['in -> out'], format));
    await broker.kill();
    for (const run of runs) run.start();
    for (const run of runs) {
      await until(
        () => run.words.includes('No broker answers') || !run.isAlive,
        () => run.words,
      );
      expect(run.isAlive, run.words).toBe(true);
    }
    await broker.restart();
    await wait(runs[0]!, output, 2);
  });
});
