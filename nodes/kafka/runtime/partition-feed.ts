/** One partition as it is read: what was fetched of it, and where reading goes on. */
import type { fetchV13, RecordsBatch } from '@platformatic/kafka';

export type Fetched = Awaited<ReturnType<typeof fetchV13.api.async>>;
export type FetchedPartition = Fetched['responses'][number]['partitions'][number];

export interface Message {
  readonly offset: number;
  /** Milliseconds since 1970; -1 where it has none. */
  readonly timestamp: number;
  readonly key: Buffer | null;
  /** Null for a tombstone. */
  readonly value: Buffer | null;
  readonly headers: readonly (readonly [name: Buffer, value: Buffer | null])[];
}

const isTransactional = 1 << 4;
const isControl = 1 << 5;
const logAppendTime = 1 << 3;
const abortMarker = 0;
/** A broker that has nothing answers after half a second. */
const unknownAfterMs = 3000;

export class PartitionFeed {
  readonly topic: string;
  readonly partition: number;
  /** By which its event time is told from that of others. */
  readonly id: string;
  leader = -1;
  /** The offset to fetch next. */
  next: number;
  /** The offset behind the last message that was given out. */
  position: number;
  /** Where it ends; null for never. */
  readonly end: number | null;
  /** What the broker had when it was asked last. */
  available: number;
  /** Where it ended when the run began, if event time is to wait until that has been read; else null. */
  first: number | null;
  /** When the broker told of it last: `performance.now()`. */
  toldAt = performance.now();
  /** Bytes that wait, about. */
  bytes = 0;
  #queue: Message[] = [];
  #at = 0;

  constructor(
    topic: string,
    partition: number,
    {
      start,
      end,
      available,
      first = null,
    }: { readonly start: number; readonly end: number | null; readonly available: number; readonly first?: number | null },
  ) {
    this.topic = topic;
    this.partition = partition;
    this.id = `${topic}-${partition}`;
    this.next = start;
    this.position = start;
    this.end = end;
    this.available = available;
    this.first = first;
  }

  get waiting(): number {
    return this.#queue.length - this.#at;
  }

  /** All up to its end was given out. */
  get isDone(): boolean {
    return this.end !== null && this.waiting === 0 && this.next >= this.end;
  }

  /** Whether there is more to be read of it, as far as that is known. */
  get hasMore(): boolean {
    return this.waiting > 0 || this.next < (this.end ?? this.available);
  }

  /** More is to be read of it, or it is not known: a broker that is away may have any number of messages. */
  get isWaiting(): boolean {
    return this.hasMore || (this.end === null && performance.now() - this.toldAt > unknownAfterMs);
  }

  get isReadFirst(): boolean {
    // Behind the last row there may be markers alone.
    if (this.first !== null && (this.position >= this.first || (this.waiting === 0 && this.next >= this.first))) this.first = null;
    return this.first !== null;
  }

  /** Reading goes on elsewhere, and what was fetched is not to be read. */
  seek(offset: number): void {
    this.next = offset;
    this.position = offset;
    this.#queue = [];
    this.#at = 0;
    this.bytes = 0;
  }

  /** At most so many, in order. */
  take(most: number): Message[] {
    const taken = this.#at === 0 && this.#queue.length <= most ? this.#queue : this.#queue.slice(this.#at, this.#at + most);
    this.#at += taken.length;
    if (this.#at >= this.#queue.length) {
      this.#queue = [];
      this.#at = 0;
      this.bytes = 0;
    }
    return taken;
  }

  /** What was taken has been given out. */
  settle(taken: readonly Message[]): void {
    const last = taken.at(-1);
    if (last) this.position = last.offset + 1;
    // Behind the last row there may be markers and rows of aborted transactions: nobody waits for them.
    if (this.waiting === 0) this.position = Math.max(this.position, this.end === null ? this.next : Math.min(this.next, this.end));
  }

  /**
   * Adds what a broker gave, without the messages of aborted transactions where `abortedTransactions` tells of them. The library filters
   * by the markers within one response alone, and lets through those of transactions whose marker comes later.
   */
  add({ records, abortedTransactions, highWatermark, lastStableOffset }: FetchedPartition, isCommitted: boolean): void {
    this.toldAt = performance.now();
    this.available = Number(isCommitted ? lastStableOffset : highWatermark);
    const begun = [...(abortedTransactions ?? [])].sort((a, b) => Number(a.firstOffset - b.firstOffset));
    const aborted = new Set<bigint>();
    for (const batch of records ?? []) {
      const first = Number(batch.firstOffset);
      const last = first + batch.lastOffsetDelta;
      for (let next = begun[0]; next && Number(next.firstOffset) <= last; next = begun[0]) {
        aborted.add(next.producerId);
        begun.shift();
      }
      if (batch.attributes & isControl) {
        if (batch.records[0]?.key?.readInt16BE(2) === abortMarker) aborted.delete(batch.producerId);
      } else if (!(isCommitted && batch.attributes & isTransactional && aborted.has(batch.producerId))) this.#addBatch(batch, first);
      if (last >= this.next) this.next = last + 1;
    }
  }

  #addBatch(batch: RecordsBatch, first: number): void {
    const from = this.next;
    const end = this.end ?? Number.POSITIVE_INFINITY;
    const base = Number(batch.firstTimestamp);
    // The broker's own time is that of the batch.
    const ofBroker = batch.attributes & logAppendTime ? Number(batch.maxTimestamp) : null;
    for (const { offsetDelta, timestampDelta, key, value, headers } of batch.records) {
      const offset = first + offsetDelta;
      if (offset < from || offset >= end) continue;
      this.#queue.push({
        offset,
        timestamp: ofBroker ?? base + Number(timestampDelta),
        key: key as Buffer | null,
        value: value as Buffer | null,
        headers: headers as never,
      });
    }
    this.bytes += batch.length;
  }
}
