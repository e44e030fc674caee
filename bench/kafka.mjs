// `node_modules/node/bin/node bench/kafka.mjs [MESSAGES]`: Kafka in and out beside a hand-written loop over the same library, a pipeline
// from topic to topic, and its latency. Starts a broker of its own. Run `npm run build` before.
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Consumer, Producer } from '@platformatic/kafka';
import { openSource } from '../kit/testing/read-source.ts';
import { SinkRun } from '../kit/testing/sink-run.ts';
import source from '../nodes/kafka/kafka-topic.ts';
import sink from '../nodes/kafka/kafka-topic-output.ts';
import { startKafka } from '../test/servers/kafka.ts';
import { connectionTo, Topics } from '../test/servers/kafka-topics.ts';

const count = Number(process.argv[2] ?? 1_000_000);
const batch = 1000;
const folder = mkdtempSync(join(tmpdir(), 'millrace-bench-kafka-'));
const kafka = await startKafka(join(folder, 'kafka'), { isForSpeed: true });
const topics = new Topics(kafka.brokers);
const connection = connectionTo(kafka.brokers);
const base = { clientId: 'bench', bootstrapBrokers: [kafka.brokers], timeout: 60_000, retries: 3 };
const schema = {
  columns: [
    { name: 'n', type: 'integer', nullable: false },
    { name: 'at', type: 'timestamp', nullable: false },
    { name: 'value', type: 'number', nullable: false },
    { name: 'text', type: 'string', nullable: false },
  ],
};
const text = 'x'.repeat(120);
const rowsFrom = (from) => Array.from({ length: batch }, (_, i) => ({ n: from + i, at: 1_700_000_000_000 + i, value: i / 4, text }));

async function measured(what, run) {
  const cpu = process.cpuUsage();
  const startedAt = performance.now();
  await run();
  const seconds = (performance.now() - startedAt) / 1000;
  const used = process.cpuUsage(cpu);
  const load = loadavg()[0].toFixed(1);
  console.log(`${what.padEnd(46)} ${Math.round(count / seconds / 1000)} k/s, processor ${((used.user + used.system) / 1e6).toFixed(2)} s (load ${load})`);
  return count / seconds;
}

async function bareOut(topic, idempotent) {
  const producer = new Producer({ ...base, idempotent, ...(idempotent && { producerId: -1n, producerEpoch: -1 }) });
  let under = null;
  for (let from = 0; from < count; from += batch) {
    const messages = rowsFrom(from).map((row) => ({ topic, value: Buffer.from(JSON.stringify({ ...row, at: new Date(row.at).toISOString() })) }));
    await under;
    under = producer.send({ messages, acks: -1 });
  }
  await under;
  await producer.close();
}

async function ourOut(topic, delivery) {
  const run = new SinkRun(folder);
  const writer = await run.open({ definition: sink, params: { connection: 'b', topic, delivery }, connection }, schema);
  for (let from = 0, checkpoint = 0; from < count; from += batch) {
    await writer.write(rowsFrom(from));
    if ((from / batch) % 100 === 99) {
      await writer.prepare(++checkpoint);
      await writer.commit(checkpoint);
    }
  }
  await writer.prepare(1_000_000);
  await writer.commit(1_000_000);
  await run.close();
}

async function bareIn(topic) {
  const consumer = new Consumer({ ...base, groupId: 'bench' });
  const { topics: found } = await consumer.metadata({ topics: [topic] });
  const { id, partitions } = found.get(topic);
  let next = 0n;
  let sum = 0;
  for (let n = 0; n < count; ) {
    const wish = { partition: 0, currentLeaderEpoch: -1, fetchOffset: next, lastFetchedEpoch: -1, partitionMaxBytes: 1 << 20 };
    const answer = await consumer.fetch({
      node: partitions[0].leader,
      maxWaitTime: 500,
      minBytes: 1,
      maxBytes: 1 << 22,
      isolationLevel: 1,
      topics: [{ topicId: id, partitions: [wish] }],
    });
    for (const { records } of answer.responses[0].partitions) {
      for (const each of records ?? []) {
        for (const { offsetDelta, value } of each.records) {
          if (each.firstOffset + BigInt(offsetDelta) < next) continue;
          const row = JSON.parse(value.toString('utf8'));
          sum += Date.parse(row.at) > 0 ? 1 : 0;
          n++;
        }
        next = each.firstOffset + BigInt(each.lastOffsetDelta) + 1n;
      }
    }
  }
  await consumer.close(true);
  if (sum !== count) throw new Error(`${sum} rows`);
}

async function ourIn(topic) {
  const types = schema.columns.map(({ name, type }) => ({ column: name, type }));
  const opened = await openSource(source, folder, { connection: 'b', topic, until: 'end', types }, { connection, schema });
  const reader = await opened.open();
  let rows = 0;
  for (let found = await reader.read(); found; found = await reader.read()) rows += found.rows.length;
  await reader.close();
  if (rows !== count) throw new Error(`${rows} rows`);
}

function pipelineFile(input, output, more = {}, out = {}) {
  const types = schema.columns.map(({ name, type }) => ({ column: name, type }));
  const node = (type, params) => ({ type, typeVersion: 1, params });
  const rules = { match: 'all', rules: [{ column: 'n', operator: '>=', value: '0' }] };
  writeFileSync(
    join(folder, 'connections.millrace.json'),
    JSON.stringify({ format: 'millrace/connections', formatVersion: 1, connections: { b: { type: 'kafka', params: { brokers: kafka.brokers } } } }),
  );
  const file = join(folder, 'bench.millrace.json');
  const nodes = {
    in: node('kafka-topic', { connection: 'b', topic: input, types, ...more }),
    filter: node('filter', { rules }),
    out: node('kafka-topic-output', { connection: 'b', topic: output, ...out }),
  };
  const edges = ['in.rows -> filter.rows', 'filter.kept -> out.rows'];
  writeFileSync(file, JSON.stringify({ format: 'millrace/pipeline', formatVersion: 1, name: 'Bench', parameters: {}, nodes, edges, layout: {} }));
  return file;
}
const cli = (...words) =>
  spawn(process.execPath, [join(import.meta.dirname, '../out/main/cli.cjs'), ...words], {
    env: { ...process.env, MILLRACE_DATA: join(folder, 'data') },
    stdio: ['ignore', 'pipe', 'inherit'],
  });

async function throughPipeline(input, more) {
  const output = await topics.create();
  const child = cli('run', pipelineFile(input, output, { until: 'end' }, more.out), '--json', ...more.words);
  let said = '';
  child.stdout.on('data', (part) => {
    said += part;
  });
  await new Promise((resolve) => child.once('close', resolve));
  const { startedAt, endedAt, outputs, problems } = JSON.parse(said);
  if (!outputs) throw new Error(JSON.stringify(problems));
  const seconds = (Date.parse(endedAt) - Date.parse(startedAt) || endedAt - startedAt) / 1000;
  console.log(
    `${`topic -> filter -> topic, ${more.name}`.padEnd(46)} ${Math.round(outputs[0].rows / seconds / 1000)} k/s with its start (load ${loadavg()[0].toFixed(1)})`,
  );
}

/** Milliseconds from sending a message to having it from the other topic, at 10,000 a second. */
async function latency() {
  const [input, output] = [await topics.create(), await topics.create()];
  const child = cli('run', pipelineFile(input, output, {}, { delivery: 'at-least-once' }));
  const producer = new Producer({ ...base });
  const consumer = new Consumer({ ...base, groupId: 'bench' });
  const { topics: found } = await consumer.metadata({ topics: [output] });
  const { id, partitions } = found.get(output);
  const sentAt = [];
  const took = [];
  let isOver = false;
  const reading = (async () => {
    let next = 0n;
    while (!isOver) {
      const wish = { partition: 0, currentLeaderEpoch: -1, fetchOffset: next, lastFetchedEpoch: -1, partitionMaxBytes: 1 << 20 };
      const answer = await consumer.fetch({
        node: partitions[0].leader,
        maxWaitTime: 200,
        minBytes: 1,
        maxBytes: 1 << 22,
        isolationLevel: 0,
        topics: [{ topicId: id, partitions: [wish] }],
      });
      const now = performance.now();
      for (const each of answer.responses.flatMap((topic) => topic.partitions).flatMap(({ records }) => records ?? [])) {
        for (const { value } of each.records) took.push(now - sentAt[JSON.parse(value.toString()).n]);
        next = each.firstOffset + BigInt(each.lastOffsetDelta) + 1n;
      }
    }
  })();
  const startedAt = performance.now();
  for (let n = 0; performance.now() - startedAt < 15_000; ) {
    const due = Math.floor((performance.now() - startedAt) * 10);
    if (n >= due) {
      await sleep(2);
      continue;
    }
    const messages = [];
    for (; n < due; n++) {
      sentAt[n] = performance.now();
      messages.push({ topic: input, value: Buffer.from(JSON.stringify({ n, at: '2026-01-31T12:00:00.000Z', value: 1, text: 'x' })) });
    }
    await producer.send({ messages, acks: -1 });
  }
  await sleep(1000);
  isOver = true;
  await reading;
  const settled = took.slice(took.length / 3).sort((a, b) => a - b);
  const at = (share) => settled[Math.floor(settled.length * share)]?.toFixed(1);
  console.log(`latency at 10,000/s (${took.length} messages): p50 ${at(0.5)} ms, p99 ${at(0.99)} ms (load ${loadavg()[0].toFixed(1)})`);
  child.kill('SIGINT');
  await new Promise((resolve) => child.once('close', resolve));
  await producer.close();
  await consumer.close(true);
}

try {
  const [one, two, three, four] = [await topics.create(), await topics.create(), await topics.create(), await topics.create()];
  const out = await measured('out: bare library', () => bareOut(one, false));
  await measured('out: bare library, idempotent', () => bareOut(two, true));
  const atLeast = await measured('out: Millrace, at least once', () => ourOut(three, 'at-least-once'));
  const exactly = await measured('out: Millrace, exactly once', () => ourOut(four, 'exactly-once'));
  const within = await measured('in: bare library, fetch by hand and JSON.parse', () => bareIn(one));
  const ours = await measured('in: Millrace', () => ourIn(one));
  const share = (a, b) => `${Math.round((100 * a) / b)} %`;
  console.log(`of the bare library: out ${share(atLeast, out)}, exactly once ${share(exactly, out)}, in ${share(ours, within)}`);
  await throughPipeline(one, { name: 'exactly once at its end', out: {}, words: ['--commit', 'end'] });
  await throughPipeline(one, { name: 'exactly once with checkpoints', out: {}, words: ['--commit', 'checkpoint'] });
  await throughPipeline(one, { name: 'at least once', out: { delivery: 'at-least-once' }, words: ['--commit', 'checkpoint'] });
  await latency();
} catch (error) {
  console.error(error);
} finally {
  await topics.close();
  await kafka.stop();
  rmSync(folder, { recursive: true, force: true });
  process.exit();
}
