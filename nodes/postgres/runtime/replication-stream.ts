/**
 * Reads a replication slot over a connection of its own, and tells the server up to where what it sent is durable: that alone, whatever was
 * received, since the server forgets it then.
 */
import { NotConnected } from '@millrace/kit/errors';
import type pg from 'pg';
import { lsnText, type Message, parseMessage, readLsn, writeLsn } from './pgoutput.ts';
import { literal, quoteName, type Session } from './session.ts';

/** `lsn`: of what has changed. A `quiet` one says that nothing else was committed up to there. */
export type Item = { readonly lsn: number; readonly message: Message | { readonly tag: 'quiet' } };

export interface StreamOptions {
  readonly slot: string;
  readonly publication: string;
  /** Transactions whose commit is before it are not sent. */
  readonly from: number;
  /** What the server says, as a problem. */
  problem(error: unknown): unknown;
}

const mostItems = 20_000;
const mostBytes = 8 * 1024 * 1024;
/** The server ends connections that are silent for `wal_sender_timeout`, 60 s by default. */
const statusMs = 1000;
/** It answers each status: silence means that the connection is dead. */
const silentMs = 60_000;
const xLogData = 0x77;
const keepAlive = 0x6b;
const statusUpdate = 0x72;
const headerBytes = 25;
const quiet = { tag: 'quiet' } as const;

interface Wire {
  readonly stream: { pause(): void; resume(): void };
  query(text: string): void;
  once(event: string, listener: () => void): void;
  sendCopyFromChunk(bytes: Uint8Array): void;
}

export class ReplicationStream implements pg.Submittable {
  readonly #session: Session;
  readonly #options: StreamOptions;
  readonly #started: Promise<void>;
  #wire: Wire | null = null;
  #settle: { resolve(): void; reject(error: unknown): void } | null = null;
  #timer: NodeJS.Timeout | null = null;
  #queue: Item[] = [];
  #next = 0;
  #bytes = 0;
  #isPaused = false;
  #received: number;
  #durable: number;
  #heardAt = performance.now();
  #failure: unknown = null;
  #wake: (() => void) | null = null;

  private constructor(session: Session, options: StreamOptions) {
    this.#session = session;
    this.#options = options;
    this.#received = options.from;
    this.#durable = options.from;
    this.#started = new Promise((resolve, reject) => {
      this.#settle = { resolve, reject };
    });
  }

  /** The session is the stream's from then on. Rejects with what `problem` makes of it. */
  static async start(session: Session, options: StreamOptions): Promise<ReplicationStream> {
    const stream = new ReplicationStream(session, options);
    try {
      session.client.query(stream);
      await stream.#started;
    } catch (error) {
      stream.close();
      throw options.problem(error);
    }
    return stream;
  }

  /** The next one that has come, or null. */
  next(): Item | null {
    const item = this.#queue[this.#next];
    if (!item) return null;
    this.#next++;
    if (this.#next === this.#queue.length) {
      this.#queue = [];
      this.#next = 0;
      this.#bytes = 0;
      this.#resume();
    }
    return item;
  }

  /** Resolves when there is a next one; rejects when none will come any more. */
  async arrived(): Promise<void> {
    if (this.#next < this.#queue.length) return;
    if (this.#failure) throw this.#failure;
    this.#resume();
    await new Promise<void>((resolve) => {
      this.#wake = resolve;
    });
    if (this.#next >= this.#queue.length && this.#failure) throw this.#failure;
  }

  /** Everything that was committed before it is durable elsewhere: the server may forget it. */
  confirm(lsn: number): void {
    if (lsn <= this.#durable) return;
    this.#durable = lsn;
    this.#tell();
  }

  /** Whoever waits for something to arrive is woken. */
  close(): void {
    if (this.#timer) clearInterval(this.#timer);
    this.#session.close();
    this.#fail(new Error('The stream was closed'));
  }

  submit(connection: unknown): void {
    const wire = connection as Wire;
    const { slot, publication, from } = this.#options;
    this.#wire = wire;
    wire.once('replicationStart', () => {
      this.#timer = setInterval(() => this.#beat(), statusMs);
      this.#settle?.resolve();
    });
    wire.query(`START_REPLICATION SLOT ${quoteName(slot)} LOGICAL ${lsnText(from)} (proto_version '1', publication_names ${literal(quoteName(publication))})`);
  }
  handleCopyData({ chunk }: { readonly chunk: Buffer }): void {
    this.#heardAt = performance.now();
    const kind = chunk[0];
    const lsn = readLsn(chunk, 1);
    if (kind === xLogData) {
      if (lsn > this.#received) this.#received = lsn;
      try {
        this.#add({ lsn, message: parseMessage(chunk, headerBytes) }, chunk.length);
      } catch (error) {
        this.#fail(error);
      }
    } else if (kind === keepAlive) {
      if (lsn > this.#received) this.#received = lsn;
      const last = this.#queue.at(-1);
      if (last?.message !== quiet) this.#add({ lsn, message: quiet }, headerBytes);
      else this.#queue[this.#queue.length - 1] = { lsn, message: quiet };
      if (chunk[17] === 1) this.#tell();
    }
  }
  handleError(error: unknown): void {
    this.#settle?.reject(error);
    this.#fail(this.#options.problem(error));
  }
  /** The server goes. */
  handleCommandComplete(): void {
    this.#fail(this.#lost('The server has ended the stream of changes.'));
  }
  handleReadyForQuery(): void {
    this.handleCommandComplete();
  }
  handleRowDescription(): void {}
  handleDataRow(): void {}
  handleEmptyQuery(): void {}

  #add(item: Item, bytes: number): void {
    this.#queue.push(item);
    this.#bytes += bytes;
    if (!this.#isPaused && (this.#queue.length - this.#next > mostItems || this.#bytes > mostBytes)) {
      this.#isPaused = true;
      this.#wire?.stream.pause();
    }
    this.#wake?.();
    this.#wake = null;
  }

  #resume(): void {
    if (!this.#isPaused) return;
    this.#isPaused = false;
    this.#heardAt = performance.now();
    this.#wire?.stream.resume();
  }

  #beat(): void {
    if (!this.#isPaused && performance.now() - this.#heardAt > silentMs) {
      this.#fail(this.#lost('The server has been silent for a minute.'));
      this.#session.close();
      return;
    }
    this.#tell();
  }

  #tell(): void {
    if (!this.#wire || this.#failure || !this.#session.isOpen) return;
    const status = Buffer.alloc(34);
    status[0] = statusUpdate;
    writeLsn(status, Math.max(this.#received, this.#durable), 1);
    writeLsn(status, this.#durable, 9);
    writeLsn(status, this.#durable, 17);
    status.writeBigInt64BE(BigInt(Date.now() - 946_684_800_000) * 1000n, 25);
    status[33] = 1;
    this.#wire.sendCopyFromChunk(status);
  }

  #fail(error: unknown): void {
    this.#failure ??= error;
    if (this.#timer) clearInterval(this.#timer);
    this.#wake?.();
    this.#wake = null;
  }

  #lost(message: string): NotConnected {
    return new NotConnected({ code: 'postgres/away', message, hint: 'Check that the server runs.', field: 'connection' });
  }
}
