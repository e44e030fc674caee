/** Sends messages to one topic: in batches, each partition's in their order and once, whatever becomes of connections on the way. */

import { Permanent } from '@millrace/kit/errors';
import {
  addOffsetsToTxnV3,
  addPartitionsToTxnV3,
  createAPI,
  describeConfigsV4,
  endTxnV3,
  initProducerIdV4,
  produceV9,
  txnOffsetCommitV3,
  Writer,
} from '@platformatic/kafka';
import { MillraceError } from '../../../model/problems/problem.ts';
import type { KafkaClient, Topic } from './kafka-client.ts';
import { faultOf } from './kafka-errors.ts';
import type { Patience } from './kafka-patience.ts';
import { BatchBuilder, type BatchOwner, estimate, type Outgoing } from './record-batch.ts';

export interface ProducerOptions {
  readonly client: KafkaClient;
  readonly patience: Patience;
  readonly topic: string;
  /** Null for one without transactions. */
  readonly transactionalId: string | null;
  /** After so long brokers abort a transaction, in milliseconds. */
  readonly transactionTimeout: number;
}

const acksOfAll = -1;
const produceTimeoutMs = 30_000;
/** Brokers take a megabyte by default, and this much goes by in one request. */
const batchBytes = 900_000;
/** Batches that are built or under way; whoever adds more is asked to wait. */
const mostPending = 4;
const usualMaxBytes = 1_048_588;
const topicResource = 2;
const duplicateSequence = 'DUPLICATE_SEQUENCE_NUMBER';
const ended = new Set(['PRODUCER_FENCED', 'INVALID_PRODUCER_EPOCH', 'INVALID_TXN_STATE', 'TRANSACTION_ABORTABLE', 'INVALID_PRODUCER_ID_MAPPING']);
const fallbackTimeoutMs = 60_000;

/** One batch for one partition, as it is stored. */
const produce = createAPI<[transactionalId: string | null, topic: string, partition: number, batch: Buffer], Awaited<ReturnType<typeof produceV9.api.async>>>(
  0,
  9,
  (transactionalId: string | null, topic: string, partition: number, batch: Buffer) =>
    Writer.create()
      .appendString(transactionalId)
      .appendInt16(acksOfAll)
      .appendInt32(produceTimeoutMs)
      .appendArray([topic], (w, name) => {
        w.appendString(name).appendArray([partition], (inner, index) => {
          inner.appendInt32(index).appendBytes(batch);
        });
      })
      .appendTaggedFields(),
  produceV9.parseResponse,
);

class Lane {
  readonly partition: number;
  builder: BatchBuilder | null = null;
  sequence = 0;
  tail: Promise<void> = Promise.resolve();

  constructor(partition: number) {
    this.partition = partition;
  }
}

export class TopicProducer {
  readonly #options: ProducerOptions;
  #lanes: Lane[] = [];
  #topic: Topic | null = null;
  #owner: BatchOwner = { id: -1n, epoch: -1, isTransactional: false };
  #maxBytes = usualMaxBytes;
  #pending = 0;
  #failure: unknown = null;
  #room: (() => void) | null = null;
  /** Partitions that the open transaction knows. */
  readonly #added = new Set<number>();
  #adding: Promise<void> | null = null;
  #hasOffsets = false;
  #turn = 0;

  constructor(options: ProducerOptions) {
    this.#options = options;
  }

  /** Ends what an earlier producer of the same transactional id has left open. */
  async open(): Promise<void> {
    const { client, patience, topic } = this.#options;
    await patience.of(() => this.#look());
    this.#lanes = (this.#topic?.partitions ?? []).map((_, i) => new Lane(i));
    this.#owner = await this.#begin();
    try {
      const answer = await client.call(
        'any',
        describeConfigsV4.api,
        [{ resourceType: topicResource, resourceName: topic, configurationKeys: ['max.message.bytes'] }],
        false,
        false,
      );
      const value = Number(answer.results[0]?.configs[0]?.value);
      if (value > 0) this.#maxBytes = value;
    } catch {
      // Who may not see it has the usual limit; what is larger is told when it is refused.
    }
  }

  get partitions(): number {
    return this.#lanes.length;
  }

  /** Bytes that one message may have, as `estimate` counts them. */
  get maxBytes(): number {
    return this.#maxBytes - 100;
  }

  /** A partition for messages without a key: all of a batch go to one, the next ones to another. */
  nextPartition(): number {
    return this.#turn % Math.max(1, this.#lanes.length);
  }

  /** A promise asks to wait with more. Throws, or rejects, with what went wrong with earlier ones. */
  add(partition: number, message: Outgoing): void {
    if (this.#failure) throw this.#failure;
    const lane = this.#lanes[partition];
    if (!lane) throw new Error(`There is no partition ${partition}`);
    const size = estimate(message);
    const limit = Math.min(batchBytes, this.#maxBytes);
    if (lane.builder && lane.builder.size + size > limit) this.#send(lane);
    lane.builder ??= this.#spare.pop() ?? new BatchBuilder();
    lane.builder.add(message);
  }

  /** Sends what has been added, without waiting for it. Gives a promise where there is too much under way. */
  push(): void | Promise<void> {
    if (this.#failure) throw this.#failure;
    for (const lane of this.#lanes) if (lane.builder && this.#isFree(lane)) this.#send(lane);
    if (this.#pending < mostPending) return;
    return new Promise<void>((resolve) => {
      this.#room = resolve;
    }).then(() => {
      if (this.#failure) throw this.#failure;
    });
  }

  /** Everything that was added is stored by the brokers. */
  async flush(): Promise<void> {
    for (const lane of this.#lanes) if (lane.builder) this.#send(lane);
    await Promise.all(this.#lanes.map(({ tail }) => tail));
    if (this.#failure) throw this.#failure;
  }

  /** Commits an offset of a group within the transaction. Everything was flushed. */
  async commitOffset(group: string, offset: number): Promise<void> {
    const { client, patience, topic } = this.#options;
    const id = this.#transactionalId;
    const { id: producer, epoch } = this.#owner;
    await this.#request(async () => {
      if (!this.#hasOffsets) await client.call(await client.coordinator('transaction', id), addOffsetsToTxnV3.api, id, producer, epoch, group);
    }, patience);
    this.#hasOffsets = true;
    const partition = { partitionIndex: 0, committedOffset: BigInt(offset), committedLeaderEpoch: -1, committedMetadata: '' };
    await this.#request(async () => {
      const coordinator = await client.coordinator('group', group);
      await client.call(coordinator, txnOffsetCommitV3.api, id, group, producer, epoch, -1, '', null, [{ name: topic, partitions: [partition] }]);
    }, patience);
  }

  /** Ends the transaction, if something belongs to it. */
  async end(isCommit: boolean): Promise<void> {
    const { client, patience } = this.#options;
    if (isCommit) await this.flush();
    else {
      for (const lane of this.#lanes) lane.builder = null;
      await Promise.all(this.#lanes.map(({ tail }) => tail));
    }
    if (this.#added.size === 0 && !this.#hasOffsets) return;
    const id = this.#transactionalId;
    const { id: producer, epoch } = this.#owner;
    await this.#request(async () => {
      await client.call(await client.coordinator('transaction', id), endTxnV3.api, id, producer, epoch, isCommit);
    }, patience);
    this.#added.clear();
    this.#hasOffsets = false;
  }

  get #transactionalId(): string {
    const { transactionalId } = this.#options;
    if (transactionalId === null) throw new Error('A producer without transactions has none');
    return transactionalId;
  }

  /** Whether the batch before has been stored: a small one then need not wait for more. */
  #isFree(lane: Lane): boolean {
    return !this.#busy.has(lane);
  }

  readonly #busy = new Set<Lane>();
  /** Whose batches are stored: their memory is used again. */
  readonly #spare: BatchBuilder[] = [];

  #send(lane: Lane): void {
    const { builder } = lane;
    if (!builder) return;
    lane.builder = null;
    this.#turn++;
    this.#pending++;
    this.#busy.add(lane);
    const mine = lane.tail.then(() => this.#store(lane, builder));
    lane.tail = mine
      .catch((error: unknown) => {
        this.#failure ??= error;
      })
      .finally(() => {
        this.#pending--;
        if (lane.tail === settled) this.#busy.delete(lane);
        this.#room?.();
        this.#room = null;
      });
    const settled = lane.tail;
  }

  async #store(lane: Lane, builder: BatchBuilder): Promise<void> {
    if (this.#failure) return;
    const { client, patience, topic, transactionalId } = this.#options;
    const { partition } = lane;
    if (transactionalId !== null && !this.#added.has(partition)) await this.#addPartition(partition);
    const { count } = builder;
    const batch = builder.finish(this.#owner, lane.sequence);
    // Sequences go around after 2^31 - 1.
    lane.sequence = (lane.sequence + count) % 0x80000000;
    let isFirst = true;
    await this.#request(async () => {
      if (!isFirst) await this.#look();
      isFirst = false;
      const leader = this.#topic?.partitions[partition]?.leader ?? -1;
      try {
        await client.call(leader < 0 ? 'any' : leader, produce, transactionalId, topic, partition, batch);
      } catch (error) {
        // It was stored, and the answer got lost.
        if (!faultOf(error).answers.has(duplicateSequence)) throw error;
      }
    }, patience);
    if (this.#spare.length >= mostPending) return;
    builder.clear();
    this.#spare.push(builder);
  }

  /** One at a time: the coordinator refuses a second request while it writes the first. */
  async #addPartition(partition: number): Promise<void> {
    while (this.#adding) await this.#adding;
    if (this.#added.has(partition)) return;
    const { client, patience, topic } = this.#options;
    const id = this.#transactionalId;
    const { id: producerId, epoch: producerEpoch } = this.#owner;
    const adding = this.#request(async () => {
      const topics = [{ name: topic, partitions: [partition] }];
      await client.call(await client.coordinator('transaction', id), addPartitionsToTxnV3.api, [
        { transactionalId: id, producerId, producerEpoch, verifyOnly: false, topics },
      ]);
    }, patience);
    this.#adding = adding.catch(() => {});
    try {
      await adding;
      this.#added.add(partition);
    } finally {
      this.#adding = null;
    }
  }

  async #look(): Promise<void> {
    const { client, topic } = this.#options;
    const { topics } = await client.cluster([topic]);
    const found = topics.get(topic);
    if (!found)
      throw Object.assign(
        new MillraceError({
          code: 'kafka/no-topic',
          message: `There is no topic "${topic}".`,
          hint: 'Choose one of the topics of the cluster, or create it.',
          field: 'topic',
        }),
        { apiId: 'UNKNOWN_TOPIC_OR_PARTITION' },
      );
    this.#topic = found;
  }

  async #begin(): Promise<BatchOwner> {
    const { client, patience, transactionalId, transactionTimeout } = this.#options;
    const at = async (timeout: number) =>
      patience.of(async () => {
        const coordinator = transactionalId === null ? ('any' as const) : await client.coordinator('transaction', transactionalId);
        return client.call(coordinator, initProducerIdV4.api, transactionalId, timeout, -1n, -1);
      });
    const answer = await at(transactionTimeout).catch((error: unknown) => {
      if (!faultOf(error).answers.has('INVALID_TRANSACTION_TIMEOUT')) throw error;
      return at(fallbackTimeoutMs);
    });
    return { id: answer.producerId, epoch: answer.producerEpoch, isTransactional: transactionalId !== null };
  }

  /** What ends transactions is told in its own words. */
  async #request(what: () => Promise<void>, patience: Patience): Promise<void> {
    try {
      await patience.of(what);
    } catch (error) {
      const { answers } = faultOf(error);
      const { topic, transactionTimeout, client } = this.#options;
      if ([...answers].some((each) => ended.has(each)))
        throw new MillraceError({
          code: 'kafka/fenced',
          message: `The transaction for the topic "${topic}" was ended by the brokers: another run writes under the same name, or it took longer than ${Math.round(transactionTimeout / 1000)} s.`,
          hint: 'End the other run, or let checkpoints be made more often.',
        });
      if (answers.has('MESSAGE_TOO_LARGE') || answers.has('RECORD_LIST_TOO_LARGE'))
        throw new Permanent({
          code: 'kafka/failed',
          message: `The brokers take no batches of ${batchBytes} bytes for the topic "${topic}".`,
          hint: 'Raise max.message.bytes of the topic.',
        });
      throw client.problem(error);
    }
  }
}
