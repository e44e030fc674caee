/** Writes rows into a topic, exactly once: a transaction for each checkpoint holds them and its number. */
import { createHash, randomUUID } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Output, SinkContext, Transaction, Writer } from '@millrace/kit/node';
import { deleteGroupsV2 } from '@platformatic/kafka';
import { type CommitToken, commitToken } from '../../../io/files/commit-token.ts';
import { hasRedo, RedoFile, redoFrames } from '../../../io/files/redo-file.ts';
import { MillraceError } from '../../../model/problems/problem.ts';
import type { Json, Row } from '../../../model/values/types.ts';
import type { KafkaClient } from './kafka-client.ts';
import { committedOffsets } from './kafka-offsets.ts';
import type { Patience } from './kafka-patience.ts';
import type { Encoded, MessageEncoder } from './message-encoder.ts';
import { MessageFrames, readFrame } from './message-frames.ts';
import type { TopicProducer } from './topic-producer.ts';

type Context = Pick<SinkContext<unknown>, 'commits' | 'resume' | 'lineage' | 'signal' | 'log' | 'fail'>;
export interface WriterOptions {
  readonly topic: string;
  readonly client: KafkaClient;
  readonly patience: Patience;
  readonly producer: TopicProducer;
  readonly encoder: MessageEncoder;
  readonly isExact: boolean;
}

/** The group whose committed offset for the topic is the number of a lineage's checkpoint. Nobody joins it. */
export function markerGroup(lineage: string): string {
  return `millrace.${lineage}`;
}

/** The number of the checkpoint that a topic holds; null for none. Rejects while a transaction with another number is open. */
export async function readMarker(client: KafkaClient, lineage: string, topic: string): Promise<number | null> {
  const found = await committedOffsets(client, markerGroup(lineage), [{ name: topic, partitions: [{ leader: -1, leaderEpoch: -1 }] }]);
  const marker = found.get(topic)?.[0] ?? -1;
  return marker < 0 ? null : marker;
}

export class TopicWriter implements Writer, Transaction {
  readonly #options: WriterOptions;
  readonly #context: Context;
  /** Rows that wait for the end of the run, or that may have to be sent once more. */
  #frames: MessageFrames | null = null;
  readonly #waitsForEnd: boolean;
  #keepsRedo = false;
  #marker: number | null = null;
  #prepared: number | null = null;
  #committed: number | null = null;
  #committing: Promise<void> | null = null;
  /** Rows that came between `prepare` and `commit`. */
  #next: (readonly Row[])[] = [];
  #forgetting: Promise<void> | null = null;
  #any = 0;
  #isClosed = false;

  constructor(options: WriterOptions, context: Context) {
    this.#options = options;
    this.#context = context;
    this.#waitsForEnd = options.isExact && context.commits === 'end';
  }

  /** Brings the topic to the checkpoint that is resumed from. The producer is open, so that nothing else writes under this name. */
  async open(): Promise<void> {
    const { client, patience, topic, isExact } = this.#options;
    const { lineage, resume } = this.#context;
    if (!isExact) return;
    this.#marker = await patience.of(() => readMarker(client, lineage, topic));
    if (resume) await this.#goOn(commitToken(resume.token), resume.checkpoint);
    if (this.#waitsForEnd) {
      // Removed at once, where that is possible, so that nothing of it outlives the process.
      const file = new RedoFile(join(tmpdir(), `millrace-${randomUUID()}.rows`));
      file.remove();
      this.#frames = new MessageFrames(file);
    }
  }

  get transaction(): Transaction | undefined {
    return this.#options.isExact ? this : undefined;
  }

  keepRedo(folder: string): void {
    if (this.#keepsRedo) return;
    this.#keepsRedo = true;
    this.#frames?.close();
    const name = createHash('sha256').update(`${this.#context.lineage}\n${this.#options.topic}`).digest('hex').slice(0, 16);
    this.#frames = new MessageFrames(new RedoFile(join(folder, `${name}.redo`)));
  }

  write(rows: readonly Row[]): void | Promise<void> {
    if (this.#prepared === null) return this.#put(rows);
    this.#next.push(rows);
    // Once it is being committed there is something to wait for; before that, waiting would stop what leads to it.
    return this.#committing?.catch(() => {});
  }

  async prepare(checkpoint: number): Promise<Json> {
    const { producer, isExact } = this.#options;
    if (!isExact) {
      await producer.flush();
      return null;
    }
    if (this.#keepsRedo) this.#frames?.sync();
    if (this.#waitsForEnd) {
      if (!this.#keepsRedo) {
        await this.#sendWaiting();
        await this.#mark(checkpoint);
      }
    } else {
      await producer.flush();
      await this.#mark(checkpoint);
    }
    this.#prepared = checkpoint;
    return { before: this.#marker, redo: this.#keepsRedo ? (this.#frames?.path ?? null) : null } satisfies CommitToken;
  }

  async commit(checkpoint?: number): Promise<void> {
    if (this.#prepared === null && checkpoint !== undefined && checkpoint === this.#committed) return;
    this.#committing ??= this.#commit(checkpoint ?? null).finally(() => {
      this.#committing = null;
    });
    await this.#committing;
  }

  async abort(): Promise<void> {
    this.#next = [];
    this.#prepared = null;
    this.#frames?.begin();
    // The next run that writes under this name ends what is left open, and otherwise the brokers do.
    await this.#options.producer
      .end(false)
      .catch((error: unknown) => this.#context.log('info', `The transaction was not aborted: ${(error as Error).message}`));
  }

  /** The number of this lineage is of no use any more. */
  forget(): Promise<void> {
    const { client, patience } = this.#options;
    const group = markerGroup(this.#context.lineage);
    this.#forgetting ??= patience
      .of(async () => {
        if (this.#marker !== null) await client.call(await client.coordinator('group', group), deleteGroupsV2.api, [group]);
      })
      .catch(() => {});
    return this.#forgetting;
  }

  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    await this.#forgetting;
    this.#frames?.close();
    if (this.#prepared === null || !this.#keepsRedo) this.#frames?.remove();
    await this.#options.client.close();
  }

  output(): Output {
    return { kind: 'topic', topic: this.#options.topic };
  }

  #put(rows: readonly Row[]): void | Promise<void> {
    const { encoder, producer } = this.#options;
    const frames = this.#frames;
    const sends = !this.#waitsForEnd;
    this.#any = producer.nextPartition();
    encoder.encode(
      rows,
      (message) => {
        const partition = message.partition ?? this.#any;
        if (frames) frames.add(partition, message);
        if (sends) producer.add(partition, message);
      },
      (row, failure) => this.#context.fail({ ...failure, row }),
    );
    return sends ? producer.push() : undefined;
  }

  async #commit(checkpoint: number | null): Promise<void> {
    const { producer, isExact } = this.#options;
    const prepared = this.#prepared;
    if (this.#waitsForEnd && (prepared === null || this.#keepsRedo)) {
      await this.#sendWaiting();
      if (prepared !== null) await this.#mark(prepared);
    }
    if (isExact) await producer.end(true);
    else await producer.flush();
    this.#marker = prepared ?? this.#marker;
    this.#committed = checkpoint;
    this.#prepared = null;
    this.#frames?.begin();
    const next = this.#next;
    this.#next = [];
    for (const rows of next) await this.#put(rows);
  }

  async #sendWaiting(): Promise<void> {
    if (this.#frames) await this.#send(this.#frames.messages());
  }

  async #send(messages: Iterable<readonly [partition: number, message: Encoded]>): Promise<void> {
    const { producer } = this.#options;
    let count = 0;
    for (const [partition, message] of messages) {
      producer.add(partition, message);
      if (++count % 1000 === 0) await producer.push();
    }
    await producer.flush();
  }

  /** Within the transaction: it holds the number with the rows, or neither. */
  async #mark(checkpoint: number): Promise<void> {
    await this.#options.producer.commitOffset(markerGroup(this.#context.lineage), checkpoint);
  }

  /** Makes sure that the checkpoint is committed, from the redo log if need be. */
  async #goOn({ before, redo }: CommitToken, checkpoint: number): Promise<void> {
    // A later one: the run resumes from an older checkpoint than the last, and has said so.
    if (this.#marker !== null && this.#marker >= checkpoint) return;
    const found = this.#marker === null ? 'it holds no checkpoint of it' : `it holds checkpoint ${this.#marker} and not ${checkpoint}`;
    if (redo === null || this.#marker !== before) throw changedTopic(this.#options.topic, found);
    if (!hasRedo(redo)) throw changedTopic(this.#options.topic, `${found}, and ${redo} with the rows between is missing`);
    await this.#send(messagesIn(redo));
    await this.#mark(checkpoint);
    await this.#options.producer.end(true);
    this.#marker = checkpoint;
  }
}

function* messagesIn(redo: string): Generator<readonly [number, Encoded]> {
  for (const frame of redoFrames(redo)) yield* readFrame(frame);
}

function changedTopic(topic: string, what: string): MillraceError {
  return new MillraceError({
    code: 'kafka/changed',
    message: `The topic "${topic}" does not hold what this run has committed to it (${what}): it was made anew, or Kafka has forgotten the number of the checkpoint (offsets.retention.minutes, a week by default).`,
    hint: 'Put it back as it was, or run from scratch.',
    field: 'topic',
  });
}
