import { tmpdir } from 'node:os';
import type { Connection } from '@millrace/kit/connection';
import { MillraceError } from '@millrace/kit/errors';
import { openSource, readSource } from '@millrace/kit/testing/read-source';
import { SinkRun } from '@millrace/kit/testing/sink-run';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Row, Schema } from '../../model/values/types.ts';
import { kafkaUser, whyMissing } from '../../test/servers/kafka.ts';
import { connectionTo, type Topics } from '../../test/servers/kafka-topics.ts';
import { skippedWithout } from '../../test/servers/needed.ts';
import { type Registry, startRegistry } from '../../test/servers/registry.ts';
import { type SharedKafka, sharedKafka } from '../../test/servers/shared-kafka.ts';
import kafka from './kafka-connection.ts';
import source from './kafka-topic.ts';
import sink from './kafka-topic-output.ts';
import { murmur2 } from './runtime/partitioner.ts';

describe.skipIf(skippedWithout(whyMissing()))('Kafka', () => {
  let shared: SharedKafka;
  let topics: Topics;
  let registry: Registry;
  beforeAll(async () => {
    shared = await sharedKafka();
    topics = shared.topics;
    registry = await startRegistry();
  });
  afterAll(async () => {
    await registry.stop();
    await sharedKafka.stop();
  });

  const connection = (more: object = {}): Connection => connectionTo(shared.kafka.brokers, more);
  const read = (params: object, more: object = {}) =>
    readSource(source, tmpdir(), { connection: 'test', until: 'end', ...params }, { connection: connection(), ...more });
  const problemOf = async (action: () => unknown) => {
    try {
      await action();
    } catch (error) {
      if (error instanceof MillraceError) return error.problem;
      throw error;
    }
    return null;
  };

  describe('a connection', () => {
    const signal = new AbortController().signal;
    const test = (more: object) => kafka.test({ params: connection(more).params as never, signal });
    const { user, password } = kafkaUser;

    it('tells what is there, by any way in', async () => {
      await topics.create(2, 'told');
      expect(await test({})).toMatch(/^Kafka 4\.4, 1 broker, \d+ topics?$/);
      const { saslBrokers, tlsBrokers, caFile } = shared.kafka;
      for (const mechanism of ['PLAIN', 'SCRAM-SHA-256'])
        expect(await test({ brokers: saslBrokers, security: 'login', mechanism, user, password })).toContain('Kafka 4.4');
      expect(await test({ brokers: tlsBrokers, security: 'tls', caFile })).toContain('1 broker');
      expect(await test({ registry: registry.url })).toMatch(/\d+ subjects?$/);
      expect(await kafka.entries?.('topics', {}, { params: connection().params as never, signal })).toContainEqual({ name: 'told', detail: '2 partitions' });
    });

    it.each([
      ['a port where nobody listens', () => ({ brokers: '127.0.0.1:1' }), 'kafka/unreachable', 'brokers'],
      ['a host that nobody knows', () => ({ brokers: 'nobody.invalid:9092' }), 'kafka/unreachable', 'brokers'],
      ['a wrong password', () => ({ brokers: shared.kafka.saslBrokers, security: 'login', user, password: 'no' }), 'kafka/login', 'password'],
      [
        'another mechanism',
        () => ({ brokers: shared.kafka.saslBrokers, security: 'login', mechanism: 'SCRAM-SHA-512', user, password }),
        'kafka/login',
        'mechanism',
      ],
      ['a certificate of nobody', () => ({ brokers: shared.kafka.tlsBrokers, security: 'tls' }), 'kafka/certificate', 'caFile'],
      ['TLS where there is none', () => ({ security: 'tls' }), 'kafka/security', 'security'],
      ['no TLS where there is some', () => ({ brokers: shared.kafka.tlsBrokers }), 'kafka/security', 'security'],
      ['a registry that is away', () => ({ registry: 'http://127.0.0.1:1' }), 'kafka/registry-away', 'registry'],
    ])('tells %s by its field', async (_, more, code, field) => {
      const problem = await problemOf(() => test(more()));
      expect(problem).toMatchObject({ code, field });
      expect(JSON.stringify(problem)).not.toContain(password);
    });
  });

  describe('reading', () => {
    it('gives what messages have besides their values, and rows for tombstones', async () => {
      const topic = await topics.create();
      await topics.send(topic, [
        { value: '{"a": 1}', key: 'k', timestamp: 1_700_000_000_000, headers: { h: 'x' } },
        { value: null, key: 'k' },
        { value: '{\n  "a": 2\n}' },
      ]);
      const parts = { keyColumn: 'key', timestampColumn: 'at', offsetColumn: 'offset', headersColumn: 'headers', partitionColumn: 'p', topicColumn: 'topic' };
      const { rows } = await read({ topic, ...parts, deletedColumn: 'deleted' });
      expect(rows).toMatchObject([
        { a: 1, key: 'k', at: 1_700_000_000_000, offset: 0, headers: { h: 'x' }, p: 0, topic, deleted: false },
        { a: null, key: 'k', offset: 1, deleted: true },
        { a: 2, key: null, offset: 2, headers: null, deleted: false },
      ]);
      const without = await read({ topic });
      expect(without.rows).toEqual([{ a: 1 }, { a: 2 }]);
      expect(without.logs).toContain('1 tombstones were left out.');
    });

    it('tells of messages that cannot be read by topic, partition and offset', async () => {
      const topic = await topics.create();
      await topics.send(topic, [
        { value: '{"a":1}' },
        { value: 'no' },
        { value: '' },
        { value: '{"a":"x"}' },
        { value: Buffer.from([0xff]) },
        { value: '{"a":"b\n"}' },
        { value: '{"a":6}' },
      ]);
      const { rows, failures } = await read({ topic, types: [{ column: 'a', type: 'integer' }] });
      expect(rows).toEqual([{ a: 1 }, { a: 6 }]);
      expect(failures.map(({ position }) => position)).toEqual([1, 2, 3, 4, 5].map((line) => ({ source: `${topic}, partition 0`, line })));
    });

    it('gives CSV records and text', async () => {
      const topic = await topics.create();
      await topics.send(topic, [{ value: '1;"a\nb"' }, { value: '2;c' }, { value: '3;d\n4;e' }]);
      const { rows, failures } = await read({ topic, format: 'csv', names: 'id, text', delimiter: 'semicolon' });
      expect(rows).toEqual([
        { id: 1, text: 'a\nb' },
        { id: 2, text: 'c' },
      ]);
      expect(failures).toMatchObject([{ code: 'kafka/message', position: { line: 2 } }]);
      expect((await read({ topic, format: 'text' })).rows[2]).toEqual({ text: '3;d\n4;e' });
    });

    it('leaves out what was aborted, however much one answer holds', async () => {
      const topic = await topics.create();
      const values = (from: number, count: number) =>
        Array.from({ length: count }, (_, i) => ({ value: JSON.stringify({ n: from + i, text: 'x'.repeat(300) }) }));
      let expected = 0;
      for (let i = 0; i < 6; i++) {
        // Megabytes: markers come with later answers.
        await topics.transact(topic, values(100_000, 3000 + 700 * i), 'abort');
        await topics.transact(topic, values(expected, 1000), 'commit');
        expected += 1000;
      }
      const { rows } = await read({ topic });
      expect(rows.map(({ n }) => n)).toEqual(Array.from({ length: expected }, (_, i) => i));
      expect((await read({ topic, isolation: 'all' })).rows).toHaveLength(expected + 28_500);
    });

    it('begins at a time, at the end, or where a group is, and tells the group where it is', async () => {
      const topic = await topics.create(1);
      await topics.send(
        topic,
        [1, 2, 3, 4].map((n) => ({ value: `{"n":${n}}`, timestamp: Date.UTC(2026, 0, n) })),
      );
      const numbers = async (params: object) => (await read({ topic, ...params })).rows.map(({ n }) => n);
      expect(await numbers({ from: 'time', time: '2026-01-03T00:00:00Z' })).toEqual([3, 4]);
      expect(await numbers({ from: 'latest' })).toEqual([]);
      const group = `${topic}-group`;
      const opened = await openSource(source, tmpdir(), { connection: 'test', topic, until: 'end', group }, { connection: connection(), batchSize: 3 });
      const reader = await opened.open();
      await reader.read();
      reader.committed?.(reader.position(), { lineage: 'x', id: 1 });
      await expect.poll(() => topics.committed(group, topic)).toEqual([3]);
      await reader.close();
      expect(await numbers({ from: 'committed', group })).toEqual([4]);
    });

    it('finds topics by a pattern, and what comes new while it reads', async () => {
      const prefix = `p${process.pid}`;
      await topics.create(1, `${prefix}-a`);
      await topics.send(`${prefix}-a`, [{ value: '{"n":1}' }]);
      const params = {
        connection: 'test',
        topicBy: 'pattern',
        pattern: `${prefix}-.`,
        types: [{ column: 'n', type: 'integer' }],
        lookEvery: 100,
        topicColumn: 't',
        partitionColumn: 'p',
      };
      const reader = await (await openSource(source, tmpdir(), params, { connection: connection() })).open();
      const next = async () => (await reader.read())?.rows;
      expect(await next()).toEqual([{ n: 1, t: `${prefix}-a`, p: 0 }]);
      await topics.create(1, `${prefix}-b`);
      await topics.send(`${prefix}-b`, [{ value: '{"n":2}' }]);
      expect(await next()).toEqual([{ n: 2, t: `${prefix}-b`, p: 0 }]);
      await topics.addPartitions(`${prefix}-a`, 2);
      // The producer has to hear of it as well.
      await expect.poll(() => topics.send(`${prefix}-a`, [{ value: '{"n":3}', partition: 1 }]).then(() => true)).toBe(true);
      const rows = await next();
      expect(rows?.map(({ n }) => n)).toEqual([3]);
      await reader.close();
    });

    it('tells what was deleted before it was read, or goes on behind it', async () => {
      const topic = await topics.create();
      await topics.send(
        topic,
        Array.from({ length: 10 }, (_, n) => ({ value: `{"n":${n}}` })),
      );
      const types = [{ column: 'n', type: 'integer' }];
      const { positions } = await read({ topic, types }, { batchSize: 2 });
      await topics.truncate(topic, 0, 6);
      const start = positions[0]?.position ?? null;
      expect(await problemOf(() => read({ topic, types }, { start }))).toMatchObject({
        code: 'kafka/offsets-gone',
        field: 'gone',
        message: expect.stringContaining('4 messages of partition 0'),
      });
      const gone = await read({ topic, types, gone: 'earliest' }, { start });
      expect(gone.rows.map(({ n }) => n)).toEqual([6, 7, 8, 9]);
      expect(gone.logs).toEqual([expect.stringContaining('offsets 2 to 5')]);
      await topics.remove(topic);
      await expect.poll(() => topics.create(1, topic).catch(() => null)).toBe(topic);
      expect(await problemOf(() => read({ topic, types }, { start }))).toMatchObject({ code: 'kafka/offsets-gone' });
    });

    it('tells of a topic that is not there', async () => {
      expect(await problemOf(() => read({ topic: 'nope', format: 'text' }))).toMatchObject({
        code: 'kafka/no-topic',
        field: 'topic',
        message: 'There is no topic "nope".',
      });
      expect((await read({ topic: 'nope' })).problems).toMatchObject([{ code: 'kafka/no-topic' }]);
    });

    it('has a watermark of its slowest partition, without those that are idle', async () => {
      const topic = await topics.create(3);
      await topics.send(topic, [
        { value: '{"n":1}', timestamp: 5000, partition: 0 },
        { value: '{"n":2}', timestamp: 1000, partition: 1 },
        { value: '{"n":3}', timestamp: 2000, partition: 1 },
      ]);
      const opened = await openSource(source, tmpdir(), { connection: 'test', topic, until: 'end' }, { connection: connection(), batchSize: 1 });
      const reader = await opened.open();
      const waiting = () => [...(reader.parts?.() ?? [])].filter(({ isWaiting }) => isWaiting).map(({ id }) => id);
      expect(waiting()).toEqual([`${topic}-0`, `${topic}-1`]);
      const parts: (string | undefined)[] = [];
      for (let batch = await reader.read(); batch; batch = await reader.read()) parts.push(batch.part);
      expect(parts.sort()).toEqual([`${topic}-0`, `${topic}-1`, `${topic}-1`]);
      expect(waiting()).toEqual([]);
      await reader.close();
    });
  });

  const schema: Schema = {
    columns: [
      { name: 'id', type: 'integer', nullable: false },
      { name: 'name', type: 'string', nullable: true },
      { name: 'at', type: 'timestamp', nullable: true },
      { name: 'day', type: 'date', nullable: true },
      { name: 'price', type: 'number', nullable: true },
      { name: 'ok', type: 'boolean', nullable: true },
      { name: 'raw', type: 'bytes', nullable: true },
    ],
  };
  const rows: Row[] = [
    { id: 1, name: 'größe', at: 1_700_000_000_123, day: '2026-01-31', price: 1.5, ok: true, raw: Uint8Array.of(0, 255) },
    { id: 9_007_199_254_740_990, name: null, at: null, day: null, price: null, ok: null, raw: null },
  ];
  const write = async (params: object, given: readonly Row[], of = schema, more: object = {}) => {
    const run = new SinkRun(tmpdir(), { commits: 'end' });
    const writer = await run.open({ definition: sink, params: { connection: 'test', ...params }, connection: connection(more) }, of);
    await writer.write(given);
    await writer.commit();
    await run.close();
    return run.failures;
  };

  describe('schemas of a registry', () => {
    it.each(['avro', 'protobuf'])('%s made of the columns gives the rows again', async (format) => {
      const topic = await topics.create();
      const registryOf = { registry: registry.url };
      expect(await write({ topic, format, schema: 'columns' }, rows, schema, registryOf)).toEqual([]);
      const found = await read(
        { topic, format, types: format === 'protobuf' ? [{ column: 'day', type: 'date' }] : [] },
        { connection: connection(registryOf) },
      );
      expect(found.schema?.columns.map(({ name, type }) => `${name} ${type}`)).toEqual(schema.columns.map(({ name, type }) => `${name} ${type}`));
      expect(found.rows).toEqual(rows);
    });

    it('reads what older schemas have written by the newest, and tells of what has none', async () => {
      const topic = await topics.create();
      const registryOf = { registry: registry.url };
      const record = (fields: object[]) => JSON.stringify({ type: 'record', name: 'R', fields });
      registry.register(`${topic}-value`, record([{ name: 'id', type: 'int' }]));
      await write({ topic, format: 'avro' }, [{ id: 1 }], { columns: schema.columns.slice(0, 1) }, registryOf);
      registry.register(
        `${topic}-value`,
        record([
          { name: 'id', type: 'long' },
          { name: 'tags', type: { type: 'array', items: 'string' }, default: ['none'] },
        ]),
      );
      await topics.send(topic, [{ value: 'plain' }, { value: Buffer.from([0, 0, 0, 3, 231, 1]) }]);
      const found = await read({ topic, format: 'avro' }, { connection: connection(registryOf) });
      expect(found.rows).toEqual([{ id: 1, tags: ['none'] }]);
      expect(found.failures.map(({ code, position }) => [code, position?.line])).toEqual([
        ['kafka/message', 2],
        ['kafka/message', 3],
      ]);
      expect((await read({ topic: 'told', format: 'avro' }, { connection: connection(registryOf) })).problems).toMatchObject([{ code: 'kafka/no-subject' }]);
      expect((await read({ topic, format: 'avro' })).problems).toMatchObject([{ code: 'kafka/no-registry', field: 'connection' }]);
    });
  });

  describe('writing', () => {
    it('has keys where Java puts them, headers, times and tombstones', async () => {
      const known = { '21': -973932308, foobar: -790332482, 'a-little-bit-long-string': -985981536, 'a-little-bit-longer-string': -1486304829, abc: 479470107 };
      for (const [text, hash] of Object.entries(known)) expect(murmur2(Buffer.from(text))).toBe(hash);
      const topic = await topics.create(3);
      const of: Schema = {
        columns: [
          { name: 'k', type: 'string', nullable: true },
          { name: 'v', type: 'integer', nullable: true },
          { name: 'h', type: 'json', nullable: true },
          { name: 't', type: 'timestamp', nullable: true },
          { name: 'gone', type: 'boolean', nullable: false },
        ],
      };
      const params = { topic, keyColumn: 'k', headersColumn: 'h', timestampColumn: 't', deletedColumn: 'gone', leaveOut: true };
      const failures = await write(
        params,
        [
          { k: 'abc', v: 1, h: { a: 'x', b: ['1', '2'] }, t: 1000, gone: false },
          { k: 'abc', v: 2, h: null, t: 2000, gone: true },
          { k: null, v: 3, h: null, t: null, gone: true },
          { k: 'abc', v: 4, h: 'text', t: null, gone: false },
        ],
        of,
      );
      expect(failures.map(({ message }) => message)).toEqual(['A row that is deleted has no key.', 'The headers in "h" are no object.']);
      const found = await topics.read(topic);
      expect(found.map(({ value, key, timestamp, partition, headers }) => [String(value), String(key), timestamp, partition, headers])).toEqual([
        [
          '{"v":1}',
          'abc',
          1000,
          479470107 % 3,
          [
            ['a', 'x'],
            ['b', '1'],
            ['b', '2'],
          ],
        ],
        ['null', 'abc', 2000, 479470107 % 3, []],
      ]);
    });

    it('refuses what is too large, or has no such partition, alone', async () => {
      const topic = await topics.create(2, undefined, { 'max.message.bytes': '2000' });
      const of: Schema = { columns: [...schema.columns.slice(0, 2)] };
      const failures = await write(
        { topic, partitionColumn: 'id' },
        [
          { id: 1, name: 'x' },
          { id: 0, name: 'x'.repeat(3000) },
          { id: 2, name: 'y' },
        ],
        of,
      );
      expect(failures.map(({ code }) => code)).toEqual(['kafka/too-large', 'kafka/value']);
      expect((await topics.read(topic)).map(({ partition }) => partition)).toEqual([1]);
      expect(await problemOf(() => write({ topic: 'nope' }, [], of))).toMatchObject({ code: 'kafka/no-topic' });
    });
  });

  it('survives a broker that is killed and comes back, in and out, with nothing lost or doubled', async () => {
    const [from, to] = [await topics.create(2), await topics.create(2)];
    const waits: (string | null)[] = [];
    const of: Schema = { columns: [{ name: 'n', type: 'integer', nullable: true }] };
    const opened = await openSource(
      source,
      tmpdir(),
      { connection: 'test', topic: from, types: [{ column: 'n', type: 'integer' }] },
      { connection: connection(), schema: of, waits: (reason) => waits.push(reason) },
    );
    const reader = await opened.open();
    const run = new SinkRun(tmpdir());
    const writer = await run.open({ definition: sink, params: { connection: 'test', topic: to, transactionTimeout: 60_000 }, connection: connection() }, of);
    const total = 4000;
    const send = async (start: number, end: number) =>
      topics.send(
        from,
        Array.from({ length: end - start }, (_, i) => ({ value: `{"n":${start + i}}` })),
      );
    const seen: unknown[] = [];
    let checkpoint = 0;
    const move = async (count: number) => {
      while (seen.length < count) {
        const batch = await reader.read();
        if (!batch) break;
        seen.push(...batch.rows.map(({ n }) => n));
        await writer.write(batch.rows);
        await writer.prepare?.(++checkpoint);
        await writer.commit(checkpoint);
      }
    };
    await send(0, 1000);
    await move(1000);
    await shared.kafka.kill();
    const moving = move(total);
    await expect.poll(() => waits.length > 0).toBe(true);
    await shared.kafka.restart();
    for (let start = 1000; start < total; start += 1000) await send(start, start + 1000);
    await moving;
    await reader.close();
    await run.close();
    expect(waits[0]).toMatch(/^reconnecting, attempt \d+$/);
    expect(waits.at(-1)).toBeNull();
    const found = (await topics.read(to)).map(({ value }) => (JSON.parse(String(value)) as { n: number }).n).sort((a, b) => a - b);
    expect(found).toEqual(Array.from({ length: total }, (_, i) => i));
  });
});
