/** Topics of a broker, written and read by the library's own clients: what tests compare Millrace with. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Connection } from '@millrace/kit/connection';
import { Admin, type ConnectionPool, Consumer, type fetchV13, listTransactionsV0, Producer } from '@platformatic/kafka';
import { faultOf } from '../../nodes/kafka/runtime/kafka-errors.ts';

export interface Sent {
  readonly value: string | Buffer | null;
  readonly key?: string | Buffer;
  readonly partition?: number;
  readonly timestamp?: number;
  readonly headers?: Readonly<Record<string, string>>;
}
export interface Received {
  readonly offset: number;
  readonly partition: number;
  readonly timestamp: number;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers: readonly (readonly [string, string])[];
}

const base = (brokers: string) => ({ clientId: 'test', bootstrapBrokers: [brokers], timeout: 60_000, retries: 2000, retryDelay: 50 });

/** As a node that runs gets it. */
export function connectionTo(brokers: string, more: object = {}): Connection {
  const none = { security: 'none', mechanism: 'PLAIN', user: '', password: '', caFile: null, registry: null, registryUser: null, registryPassword: null };
  return { name: 'test', type: 'kafka', params: { brokers, ...none, ...more } };
}

export class Topics {
  readonly #brokers: string;
  readonly #admin: Admin;
  readonly #producer: Producer;
  #count = 0;

  constructor(brokers: string) {
    this.#brokers = brokers;
    this.#admin = new Admin(base(brokers));
    this.#producer = new Producer({ ...base(brokers), idempotent: true, producerId: -1n, producerEpoch: -1 });
  }

  /** A new one; gives its name. */
  async create(partitions = 1, name = `t${process.pid}-${this.#count++}`, configs: Readonly<Record<string, string>> = {}): Promise<string> {
    await this.#admin.createTopics({ topics: [name], partitions, replicas: 1, configs: Object.entries(configs).map(([key, value]) => ({ name: key, value })) });
    return name;
  }

  async remove(name: string): Promise<void> {
    await this.#admin.deleteTopics({ topics: [name] });
  }

  async addPartitions(name: string, count: number): Promise<void> {
    await this.#admin.createPartitions({ topics: [{ name, count, assignments: [{ brokerIds: [1] }] }] });
  }

  /** Deletes what lies before an offset. */
  async truncate(name: string, partition: number, offset: number): Promise<void> {
    await this.#admin.deleteRecords({ topics: [{ name, partitions: [{ partition, offset: BigInt(offset) }] }] });
  }

  async send(topic: string, messages: readonly Sent[]): Promise<void> {
    for (let from = 0; from < messages.length; from += 1000) {
      await this.#producer.send({ messages: messages.slice(from, from + 1000).map((message) => recordOf(topic, message)) as never });
    }
  }

  /** As one transaction, with a producer of its own. */
  async transact(topic: string, messages: readonly Sent[], end: 'commit' | 'abort'): Promise<void> {
    const producer = new Producer({
      ...base(this.#brokers),
      idempotent: true,
      transactionalId: `${topic}-${this.#count++}`,
      producerId: -1n,
      producerEpoch: -1,
    });
    const transaction = await producer.beginTransaction();
    for (let from = 0; from < messages.length; from += 1000)
      await transaction.send({ messages: messages.slice(from, from + 1000).map((message) => recordOf(topic, message)) as never });
    await transaction[end]();
    await producer.close();
  }

  async committed(group: string, topic: string, partitions: readonly number[] = [0]): Promise<number[]> {
    const consumer = new Consumer({ ...base(this.#brokers), groupId: group });
    try {
      const found = await consumer.listCommittedOffsets({ topics: [{ topic, partitions: [...partitions] }] });
      return (found.get(topic) ?? []).map(Number);
    } finally {
      await consumer.close(true);
    }
  }

  /** All messages that are there, those of committed transactions alone: in the order of partitions and offsets. */
  async read(topic: string): Promise<Received[]> {
    await this.#settled();
    const consumer = new Consumer({ ...base(this.#brokers), groupId: 'reader' });
    try {
      const { topics } = await consumer.metadata({ topics: [topic], forceUpdate: true });
      const { id, partitions } = topics.get(topic) as { id: string; partitions: { leader: number }[] };
      const ends = await consumer.listOffsets({ topics: [topic], isolationLevel: 1 });
      const starts = await consumer.listOffsets({ topics: [topic], timestamp: -2n });
      const found: Received[] = [];
      for (const [partition, { leader }] of partitions.entries()) {
        const end = ends.get(topic)?.[partition] ?? 0n;
        let next = starts.get(topic)?.[partition] ?? 0n;
        const all: (Received & { readonly producer: bigint; readonly isTransactional: boolean })[] = [];
        const markers: { readonly producer: bigint; readonly offset: bigint; readonly isAbort: boolean }[] = [];
        while (next < end) {
          const wish = { partition, currentLeaderEpoch: -1, fetchOffset: next, lastFetchedEpoch: -1, partitionMaxBytes: 1 << 20 };
          const answer = await consumer.fetch({
            node: leader,
            maxWaitTime: 500,
            minBytes: 1,
            maxBytes: 1 << 22,
            isolationLevel: 0,
            topics: [{ topicId: id, partitions: [wish] }],
          } as never);
          for (const { records } of (answer as Awaited<ReturnType<typeof fetchV13.api.async>>).responses.flatMap((each) => each.partitions)) {
            for (const batch of records ?? []) {
              const last = batch.firstOffset + BigInt(batch.lastOffsetDelta);
              if (batch.attributes & 32) markers.push({ producer: batch.producerId, offset: last, isAbort: batch.records[0]?.key?.readInt16BE(2) === 0 });
              else
                for (const { offsetDelta, timestampDelta, key, value, headers } of batch.records) {
                  const offset = batch.firstOffset + BigInt(offsetDelta);
                  if (offset < next || offset >= end) continue;
                  const names = (headers as unknown as [Buffer, Buffer][]).map(([name, text]) => [name.toString(), text.toString()] as const);
                  const timestamp = Number(batch.firstTimestamp + timestampDelta);
                  all.push({
                    offset: Number(offset),
                    partition,
                    timestamp,
                    key,
                    value,
                    headers: names,
                    producer: batch.producerId,
                    isTransactional: (batch.attributes & 16) !== 0,
                  } as never);
                }
              if (last >= next) next = last + 1n;
            }
          }
        }
        // A message of a transaction counts where the next marker of its producer commits.
        for (const message of all) {
          const marker = message.isTransactional ? markers.find(({ producer, offset }) => producer === message.producer && offset > message.offset) : null;
          if (marker === null || (marker && !marker.isAbort)) found.push(message);
        }
      }
      return found;
    } finally {
      await consumer.close(true);
    }
  }

  /** Whoever commits gets the answer before all partitions know of it. */
  async #settled(): Promise<void> {
    const { connections } = this.#admin as unknown as { readonly connections: ConnectionPool };
    const [host = '', port] = this.#brokers.split(':');
    const connection = await connections.get({ host, port: Number(port) });
    for (;;) {
      // A coordinator that nobody has asked before has to load what it keeps.
      const answer = await listTransactionsV0.api.async(connection, ['PrepareCommit', 'PrepareAbort'] as never, [], 0n, null).catch((error: unknown) => {
        if (!faultOf(error).answers.has('COORDINATOR_LOAD_IN_PROGRESS')) throw error;
        return null;
      });
      if (answer?.transactionStates.length === 0) return;
      await sleep(5);
    }
  }

  async close(): Promise<void> {
    await this.#producer.close();
    await this.#admin.close();
  }
}

function recordOf(topic: string, { value, key, partition, timestamp, headers }: Sent): object {
  return {
    topic,
    value: value === null ? null : Buffer.from(value),
    ...(key !== undefined && { key: Buffer.from(key) }),
    ...(partition !== undefined && { partition }),
    ...(timestamp !== undefined && { timestamp: BigInt(timestamp) }),
    ...(headers && { headers: new Map(Object.entries(headers).map(([name, text]) => [Buffer.from(name), Buffer.from(text)])) }),
  };
}
