/** Reads the partitions of topics side by side, with offsets of its own: no group is joined, and nothing is asked for that nobody waits for. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { CheckpointRef, Part, Reader, SourceBatch, SourceContext } from '@millrace/kit/node';
import { fetchV13 } from '@platformatic/kafka';
import { MillraceError } from '../../../model/problems/problem.ts';
import { thousands } from '../../../model/text/thousands.ts';
import type { Json, Row } from '../../../model/values/types.ts';
import type { KafkaClient, Topic } from './kafka-client.ts';
import { commitOffsets, earliest, latest, offsetsAt } from './kafka-offsets.ts';
import type { Patience } from './kafka-patience.ts';
import type { MessageRows } from './message-rows.ts';
import { type Fetched, PartitionFeed } from './partition-feed.ts';

export interface TopicReaderOptions {
  readonly client: KafkaClient;
  readonly patience: Patience;
  readonly rows: MessageRows;
  readonly isCommitted: boolean;
  readonly isBounded: boolean;
  /** Whether a partition is to be read here; throws where new ones must not come. */
  isMine(partition: number): boolean;
  /** What becomes of a partition whose next messages were deleted. */
  readonly gone: 'fail' | 'earliest';
  /** To tell its offsets to whoever watches; null for nobody. */
  readonly group: string | null;
  readonly feeds: readonly PartitionFeed[];
  readonly topics: ReadonlyMap<string, Topic>;
  /** How often to look for new topics and partitions, in milliseconds; null for never. */
  readonly lookEvery: number | null;
  /** Those that are to be read now. */
  look(): Promise<ReadonlyMap<string, Topic>>;
}
/** By partition. `next`: the offset to go on from; `first`: where event time begins, as long as it has not. */
export type TopicPosition = { readonly id: string; readonly next: readonly number[]; readonly end?: readonly number[]; readonly first?: readonly number[] };
export type KafkaPosition = { readonly topics: { readonly [topic: string]: TopicPosition } };
type Context = Pick<SourceContext<unknown>, 'batchSize' | 'signal' | 'log'>;

/** A broker answers after this long where nothing has come. */
const longPollMs = 500;
const fetchBytes = 4 * 1024 * 1024;
const partitionBytes = 1024 * 1024;
/** Messages that wait in memory, in bytes as they were sent. */
const mostWaiting = 8 * 1024 * 1024;
const pauseMs = 100;
const noEpoch = -1;
const noSession = { id: 0, epoch: -1 } as const;
/** Answers about one partition. */
const offsetOutOfRange = 1;
const denied = 29;
const moved = new Set([3, 5, 6, 74, 75, 76, 100, 103]);

export class TopicReader implements Reader {
  readonly #options: TopicReaderOptions;
  readonly #context: Context;
  readonly #feeds = new Map<string, PartitionFeed>();
  readonly #names = new Map<string, string>();
  #topics: ReadonlyMap<string, Topic>;
  readonly #fetching = new Map<number, Promise<void>>();
  #failure: unknown = null;
  #turn = 0;
  #wake: (() => void) | null = null;
  #isClosed = false;
  #isCommitting = false;
  #hasToldGroup = false;
  #lookedAt = performance.now();
  readonly #total: number | null;
  #done = 0;

  constructor(options: TopicReaderOptions, context: Context) {
    this.#options = options;
    this.#context = context;
    this.#topics = options.topics;
    for (const { name, id } of options.topics.values()) this.#names.set(id, name);
    for (const feed of options.feeds) this.#feeds.set(feed.id, feed);
    this.#place();
    this.#total = options.isBounded ? options.feeds.reduce((sum, { end, next }) => sum + Math.max(0, (end ?? next) - next), 0) : null;
    context.signal.addEventListener('abort', this.#stop, { once: true });
  }

  async read(): Promise<SourceBatch | null> {
    const { rows } = this.#options;
    for (;;) {
      if (this.#isStopped) return null;
      if (this.#failure) throw this.#failure;
      const feed = this.#nextFeed();
      if (!feed) {
        if (this.#isDone) return null;
        await this.#more();
        continue;
      }
      const before = feed.position;
      const messages = feed.take(this.#context.batchSize);
      this.#ask();
      const made = await rows.of(feed, messages);
      if (this.#isStopped) return null;
      feed.settle(messages);
      this.#done += feed.position - before;
      if (made.rows.length > 0 || made.failed > 0) return { rows: made.rows as Row[], part: feed.id, locate: made.locate };
    }
  }

  position(): Json {
    const topics: Record<string, { id: string; next: number[]; end?: number[]; first?: number[] }> = {};
    for (const { topic, partition, position, end, isReadFirst, first } of this.#feeds.values()) {
      let told = topics[topic];
      if (!told) {
        const { id = '', partitions = [] } = this.#topics.get(topic) ?? {};
        told = { id, next: partitions.map(() => -1) };
        topics[topic] = told;
      }
      told.next[partition] = position;
      if (end !== null) {
        told.end ??= told.next.map(() => 0);
        told.end[partition] = end;
      }
      if (isReadFirst && first !== null) {
        told.first ??= told.next.map(() => 0);
        told.first[partition] = first;
      }
    }
    return { topics } satisfies KafkaPosition;
  }

  *parts(): Iterable<Part> {
    for (const feed of this.#feeds.values()) yield { id: feed.id, isWaiting: feed.isWaiting, isReadFirst: feed.isReadFirst };
  }

  backlog() {
    let waiting = 0;
    for (const { position, available, end } of this.#feeds.values()) waiting += Math.max(0, (end ?? available) - position);
    return { waiting, unit: 'rows' as const };
  }

  progress() {
    return { done: this.#done, total: this.#total, unit: 'rows' as const };
  }

  /** For whoever watches the group: nothing here is read from it again. */
  committed(position: Json, _checkpoint: CheckpointRef): void {
    const { group, client, patience } = this.#options;
    if (group === null || this.#isCommitting || this.#isStopped) return;
    this.#isCommitting = true;
    const offsets = new Map(Object.entries((position as KafkaPosition).topics).map(([topic, { next }]) => [topic, next]));
    patience
      .of(() => commitOffsets(client, group, offsets))
      .catch((error: unknown) => {
        if (!this.#hasToldGroup && !this.#isStopped)
          this.#context.log('warning', `The offsets of the group "${group}" were not told to Kafka: ${client.problem(error).message}`);
        this.#hasToldGroup = true;
      })
      .finally(() => {
        this.#isCommitting = false;
      });
  }

  async close(): Promise<void> {
    this.#context.signal.removeEventListener('abort', this.#stop);
    this.#isClosed = true;
    this.#stop();
    this.#options.rows.close();
    await this.#options.client.close();
    await Promise.allSettled(this.#fetching.values());
  }

  get #isStopped(): boolean {
    return this.#isClosed || this.#context.signal.aborted;
  }

  get #isDone(): boolean {
    for (const feed of this.#feeds.values()) if (!feed.isDone) return false;
    return this.#total !== null;
  }

  readonly #stop = (): void => {
    this.#wake?.();
  };

  /** They take turns. */
  #nextFeed(): PartitionFeed | null {
    const feeds = [...this.#feeds.values()];
    for (let i = 0; i < feeds.length; i++) {
      const at = (this.#turn + i) % feeds.length;
      const feed = feeds[at];
      if (!feed || feed.waiting === 0) continue;
      this.#turn = at + 1;
      return feed;
    }
    return null;
  }

  /** Until something has come, or may have. */
  async #more(): Promise<void> {
    this.#ask();
    await new Promise<void>((resolve) => {
      this.#wake = resolve;
      if (this.#fetching.size === 0) setTimeout(resolve, pauseMs);
    });
    this.#wake = null;
  }

  /** Asks each leader for what is wanted of it, unless it is being asked. */
  #ask(): void {
    if (this.#isStopped || this.#failure) return;
    let waiting = 0;
    const wanted = new Map<number, PartitionFeed[]>();
    for (const feed of this.#feeds.values()) {
      waiting += feed.bytes;
      if (feed.bytes >= partitionBytes || (feed.end !== null && feed.next >= feed.end)) continue;
      wanted.set(feed.leader, [...(wanted.get(feed.leader) ?? []), feed]);
    }
    if (waiting >= mostWaiting) return;
    for (const [leader, feeds] of wanted) {
      if (this.#fetching.has(leader)) continue;
      const fetched = this.#fetch(leader, feeds)
        .catch((error: unknown) => {
          this.#failure = error;
        })
        .finally(() => {
          this.#fetching.delete(leader);
          this.#wake?.();
        });
      this.#fetching.set(leader, fetched);
    }
  }

  async #fetch(leader: number, feeds: readonly PartitionFeed[]): Promise<void> {
    const { client, patience, isCommitted, lookEvery } = this.#options;
    if (lookEvery !== null && performance.now() - this.#lookedAt >= lookEvery) await this.#look();
    if (leader < 0) {
      await sleep(pauseMs);
      return this.#look();
    }
    // Behind those whose turn comes first, a broker leaves others out where the answer is full.
    const byTopic = new Map<string, { topicId: string; partitions: ReturnType<typeof wish>[] }>();
    for (const feed of feeds) {
      const topicId = this.#topics.get(feed.topic)?.id ?? '';
      const topic = byTopic.get(topicId) ?? { topicId, partitions: [] };
      topic.partitions.push(wish(feed));
      byTopic.set(topicId, topic);
    }
    const asked = new Map(feeds.map((feed) => [feed.id, feed.next]));
    let isFirst = true;
    const answer = await patience.of(async () => {
      if (!isFirst) await this.#look();
      isFirst = false;
      try {
        const { id, epoch } = noSession;
        return await client.call(leader, fetchV13.api, longPollMs, 1, fetchBytes, isCommitted ? 1 : 0, id, epoch, [...byTopic.values()], [], '');
      } catch (error) {
        // One partition that is amiss makes an error of the answer about all.
        const { response } = error as { response?: Fetched };
        if (response?.errorCode === 0) return response;
        throw error;
      }
    });
    await this.#take(answer, asked);
  }

  async #take({ responses }: Fetched, asked: ReadonlyMap<string, number>): Promise<void> {
    let hasMoved = false;
    for (const { topicId, partitions } of responses) {
      for (const found of partitions) {
        const feed = this.#feeds.get(`${this.#names.get(topicId)}-${found.partitionIndex}`);
        if (!feed || feed.next !== asked.get(feed.id)) continue;
        const { errorCode } = found;
        if (errorCode === 0) feed.add(found, this.#options.isCommitted);
        else if (errorCode === offsetOutOfRange) await this.#outOfRange(feed);
        else if (moved.has(errorCode)) hasMoved = true;
        else throw this.#refused(feed, errorCode);
      }
    }
    if (!hasMoved) return;
    await sleep(pauseMs);
    await this.#look();
  }

  #refused({ topic, partition }: PartitionFeed, errorCode: number): MillraceError {
    if (errorCode === denied)
      return new MillraceError({
        code: 'kafka/denied',
        message: `The brokers do not allow the topic "${topic}" to be read.`,
        hint: 'Ask whoever runs the cluster for the right, or use a connection with another user.',
        field: 'connection',
      });
    return new MillraceError({
      code: 'kafka/failed',
      message: `Partition ${partition} of "${topic}" cannot be read: the broker answers with error ${errorCode}.`,
      hint: 'The log of the broker may say more.',
    });
  }

  /** Messages that were to be read next were deleted, by their age or by somebody, or the broker has lost some. */
  async #outOfRange(feed: PartitionFeed): Promise<void> {
    const { client, patience } = this.#options;
    const topic = this.#topics.get(feed.topic);
    if (!topic) return;
    const at = async (time: number) => (await patience.of(() => offsetsAt(client, [topic], time, false))).get(feed.topic)?.[feed.partition] ?? 0;
    const first = await at(earliest);
    const last = await at(latest);
    // It was there again when it was looked for.
    if (feed.next >= first && feed.next <= last) return;
    const what =
      feed.next < first
        ? `${thousands(first - feed.next)} messages of partition ${feed.partition} of "${feed.topic}" were deleted before they were read (offsets ${feed.next} to ${first - 1})`
        : `Partition ${feed.partition} of "${feed.topic}" ends at offset ${last}, before the offset ${feed.next} that is to be read next: messages were lost there`;
    this.#lost(feed, first, what);
  }

  #lost(feed: PartitionFeed, first: number, what: string): void {
    if (this.#options.gone === 'fail')
      throw new MillraceError({
        code: 'kafka/offsets-gone',
        message: `${what}.`,
        hint: 'Set "Messages that were deleted" to go on from the earliest that is left, or start from scratch.',
        field: 'gone',
      });
    this.#context.log('warning', `${what}. Reading goes on at offset ${first}.`);
    feed.seek(first);
  }

  /** What the cluster looks like now: leaders, new partitions and new topics, and topics that are others than before. */
  async #look(): Promise<void> {
    const { patience, look, lookEvery } = this.#options;
    const before = this.#topics;
    const topics = await patience.of(look);
    this.#lookedAt = performance.now();
    this.#topics = topics;
    for (const { name, id } of topics.values()) this.#names.set(id, name);
    for (const [name, topic] of before) {
      const now = topics.get(name);
      if (!now)
        throw new MillraceError({
          code: 'kafka/no-topic',
          message: `The topic "${name}" was deleted.`,
          hint: 'Create it again, or choose another one.',
          field: 'topic',
        });
      if (now.id === topic.id) continue;
      for (const feed of this.#feeds.values())
        if (feed.topic === name) this.#lost(feed, 0, `The topic "${name}" was deleted and made anew, so that partition ${feed.partition} begins again`);
    }
    if (lookEvery !== null) {
      for (const { name, partitions } of topics.values()) {
        partitions.forEach((_, partition) => {
          const id = `${name}-${partition}`;
          if (this.#feeds.has(id) || !this.#options.isMine(partition)) return;
          this.#feeds.set(id, new PartitionFeed(name, partition, { start: 0, end: null, available: 0 }));
          this.#context.log('info', `Partition ${partition} of "${name}" is new, and is read from its beginning.`);
        });
      }
    }
    this.#place();
  }

  #place(): void {
    for (const feed of this.#feeds.values()) feed.leader = this.#topics.get(feed.topic)?.partitions[feed.partition]?.leader ?? -1;
  }
}

function wish({ partition, next }: PartitionFeed) {
  return {
    partition,
    currentLeaderEpoch: noEpoch,
    fetchOffset: BigInt(next),
    lastFetchedEpoch: noEpoch,
    partitionMaxBytes: partitionBytes,
  };
}
