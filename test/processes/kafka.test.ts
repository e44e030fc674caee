/** Kafka through the command line, from the build: a connection beside the pipeline, its password from the environment. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { formatPipeline } from '../../engine/document/file.ts';
import { millrace } from '../command-line.ts';
import { kafkaUser, whyMissing } from '../servers/kafka.ts';
import { skippedWithout } from '../servers/needed.ts';
import { type SharedKafka, sharedKafka } from '../servers/shared-kafka.ts';
import { node, pipeline } from './run-trial.ts';

describe.skipIf(skippedWithout(whyMissing()))('a pipeline from Kafka to Kafka', () => {
  let shared: SharedKafka;
  let folder: string;
  let data: string;
  let file: string;
  beforeAll(async () => {
    shared = await sharedKafka();
    folder = mkdtempSync(join(tmpdir(), 'millrace-kafka-run-'));
    data = join(folder, 'data');
    const { topics, kafka } = shared;
    const [input, output] = [await topics.create(2, 'readings'), await topics.create(1, 'high')];
    await topics.send(
      input,
      Array.from({ length: 300 }, (_, n) => ({ key: `k${n % 5}`, value: JSON.stringify({ n, warm: n % 3 === 0 }) })),
    );
    const params = { brokers: kafka.saslBrokers, security: 'login', mechanism: 'SCRAM-SHA-256', user: kafkaUser.user, password: '${secret:kafka_password}' };
    const connections = { format: 'millrace/connections', formatVersion: 1, connections: { shop: { type: 'kafka', params } } };
    writeFileSync(join(folder, 'connections.millrace.json'), JSON.stringify(connections));
    const nodes = {
      in: node('kafka-topic', { connection: 'shop', topic: input, until: 'end', keyColumn: 'key' }),
      warm: node('filter', { rules: { match: 'all', rules: [{ column: 'warm', operator: '=', value: 'true' }] } }),
      out: node('kafka-topic-output', { connection: 'shop', topic: output, keyColumn: 'key', leaveOut: true }),
    };
    file = join(folder, 'warm.millrace.json');
    writeFileSync(file, formatPipeline(pipeline(nodes, ['in -> warm', 'warm.kept -> out'])));
  });
  afterAll(async () => {
    rmSync(folder, { recursive: true, force: true });
    await sharedKafka.stop();
  });
  const run = (password: string, ...more: readonly string[]) =>
    millrace(['run', file, ...more], folder, { MILLRACE_DATA: data, MILLRACE_SECRET_KAFKA_PASSWORD: password });

  it('reads and writes once, and says where', async () => {
    const { code, output, errors } = await run(kafkaUser.password);
    expect([code, errors]).toEqual([0, expect.anything()]);
    expect(output).toContain('100 rows -> topic high');
    const found = await shared.topics.read('high');
    expect(found.map(({ value }) => (JSON.parse(String(value)) as { n: number }).n).sort((a, b) => a - b)).toEqual(
      Array.from({ length: 100 }, (_, i) => i * 3),
    );
    expect(new Set(found.map(({ key }) => String(key)))).toEqual(new Set(['k0', 'k1', 'k2', 'k3', 'k4']));
  });

  it('tells a wrong password at the node, and writes it nowhere', async () => {
    const password = 'wrong-password-7153';
    const { code, output, errors } = await run(password);
    expect(code).not.toBe(0);
    expect(output + errors).toContain('refuse the user and the password');
    expect(output + errors).not.toContain(password);
    expect(holding(folder, password)).toEqual([]);
    expect(holding(folder, kafkaUser.password)).toEqual([]);
  });
});

function holding(path: string, text: string): string[] {
  if (statSync(path).isDirectory()) return readdirSync(path).flatMap((name) => holding(join(path, name), text));
  return statSync(path).isFile() && readFileSync(path).includes(text) ? [path] : [];
}
