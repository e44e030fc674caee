/**
 * A database that a run writes to: one session, and one transaction for each checkpoint, shared by all sinks of the connection. Its number
 * stands in a table that the same transaction writes: see docs/adr/0038-postgresql.md.
 */
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { MillraceError } from '@millrace/kit/errors';
import type { SinkContext, Transaction } from '@millrace/kit/node';
import { type CommitToken, commitToken } from '../../../io/files/commit-token.ts';
import { hasRedo, RedoFile, redoFrames } from '../../../io/files/redo-file.ts';
import { itemAt } from '../../../model/faults/missing.ts';
import type { Json } from '../../../model/values/types.ts';
import { lockMark, type Mark, readMark, removeMark, writeMark } from './commit-marks.ts';
import { CopyIn } from './copy-in.ts';
import { type ConnectionParams, Session, tableOf } from './session.ts';
import { openTarget, type Target, type TargetSpec } from './target.ts';

/** A sink that writes to one table of the database. */
export interface Participant {
  readonly target: Target;
  /** All rows so far are with the server. */
  flush(): Promise<void>;
  /** What was written is committed, and the table has it. */
  renew(): Promise<void>;
}
type Context = Pick<SinkContext<unknown>, 'commits' | 'resume' | 'lineage' | 'signal' | 'log'>;

export class OutputDatabase implements Transaction {
  readonly name: string;
  readonly #params: ConnectionParams;
  readonly #context: Context;
  readonly #participants: Participant[] = [];
  /** By table, as in SQL. */
  readonly #marks = new Map<string, Mark>();
  /** The last checkpoint that each table is known to hold. */
  readonly #held = new Map<string, number>();
  #session: Session | null = null;
  #opened: Promise<void> | null = null;
  #hasBegun = false;
  #waiting = 0;
  #prepared: number | null = null;
  #committed: number | null = null;
  #committing: Promise<void> | null = null;
  readonly #ready = new Set<Participant>();
  #redo: RedoFile | null = null;
  /** One thing at a time: what one sink undoes must not be another one's. */
  #last: Promise<unknown> = Promise.resolve();
  #isClosed = false;

  constructor(name: string, params: ConnectionParams, context: Context) {
    this.name = name;
    this.#params = params;
    this.#context = context;
    context.signal.addEventListener('abort', this.#stop, { once: true });
  }

  /** For who ends a run by force: the server undoes what was not committed. */
  get connection(): { close(): void } {
    return { close: () => this.#session?.close() };
  }

  get session(): Session {
    if (!this.#session) throw new Error('The database was not opened');
    return this.#session;
  }

  /** Brings the database to the checkpoint that a sink resumes from, and begins the transaction. */
  async open(table: string, resume: Context['resume']): Promise<void> {
    const { sql } = tableOf(table);
    if (this.#marks.has(sql)) {
      const message = `Another sink of this pipeline writes table "${table}" too.`;
      throw new MillraceError({
        code: 'postgres/table-twice',
        message,
        hint: 'Give each sink a table of its own, or join the rows with a Union node first.',
        field: 'table',
      });
    }
    const mark = { lineage: this.#context.lineage, table };
    this.#marks.set(sql, mark);
    this.#waiting++;
    this.#opened ??= this.#connect();
    await this.#opened;
    await this.exclusively(async () => {
      await lockMark(this.session, mark);
      const held = await readMark(this.session, mark);
      if (held !== null) this.#held.set(sql, held);
      if (resume) await this.#goOn(mark, commitToken(resume.token), resume.checkpoint);
    });
  }

  join(participant: Participant): void {
    this.#participants.push(participant);
    if (this.#redo) this.#beginRedo();
  }

  /** Rows that come now belong to the next checkpoint. */
  isReady(participant: Participant): boolean {
    return this.#ready.has(participant);
  }

  get committing(): Promise<void> | null {
    return this.#committing;
  }

  exclusively<T>(run: () => Promise<T>): Promise<T> {
    const result = this.#last.then(run, run);
    this.#last = result.catch(() => {});
    return result;
  }

  /** Writes one batch; what the server refuses of it is undone. Within `exclusively`. */
  async copy(participant: Participant, bytes: Uint8Array): Promise<void> {
    await this.#begin();
    await this.#copy(participant.target.copy, bytes);
    if (this.#redo) this.#redo.add(Buffer.concat([Buffer.of(this.#participants.indexOf(participant)), bytes]));
  }

  async #copy(text: string, bytes: Uint8Array): Promise<void> {
    const { session } = this;
    const copy = new CopyIn(`SAVEPOINT millrace; ${text}; RELEASE SAVEPOINT millrace`, bytes);
    try {
      session.client.query(copy);
      await copy.done;
    } catch (error) {
      const problem = session.problem(error);
      if (!(problem instanceof MillraceError)) await session.query('ROLLBACK TO SAVEPOINT millrace; RELEASE SAVEPOINT millrace');
      throw problem;
    }
  }

  keepRedo(folder: string): void {
    if (this.#redo) return;
    const name = createHash('sha256').update(`${this.#context.lineage}\n${this.name}`).digest('hex').slice(0, 16);
    this.#redo = new RedoFile(join(folder, `${name}.redo`));
    this.#beginRedo();
  }

  async prepare(participant: Participant, checkpoint: number): Promise<Json> {
    await participant.flush();
    return this.exclusively(async () => {
      await this.#begin();
      if (participant.target.publish) await this.session.query(participant.target.publish);
      if (this.#prepared === null) for (const mark of this.#marks.values()) await writeMark(this.session, mark, checkpoint);
      this.#redo?.sync();
      this.#prepared = checkpoint;
      this.#ready.add(participant);
      return { before: this.#held.get(tableOf(participant.target.spec.table).sql) ?? null, redo: this.#redo?.path ?? null } satisfies CommitToken;
    });
  }

  /** Commits what was prepared, for all sinks with the first call; where nothing was, when all sinks have called. */
  async commit(participant: Participant, checkpoint: number | null): Promise<void> {
    if (this.#prepared === null && checkpoint !== null && checkpoint === this.#committed) return;
    if (this.#prepared === null && !this.#committing) {
      await participant.flush();
      if (participant.target.publish) await this.exclusively(() => this.session.query(participant.target.publish));
      this.#waiting--;
      if (this.#waiting > 0) return;
      this.#waiting = this.#participants.length;
    }
    this.#committing ??= this.#commit().finally(() => {
      this.#committing = null;
    });
    await this.#committing;
    this.#committed = checkpoint;
  }

  async rollback(): Promise<void> {
    this.#prepared = null;
    this.#ready.clear();
    const { isOpen } = this.session;
    if (!isOpen || !this.#hasBegun) return;
    this.#hasBegun = false;
    await this.exclusively(() => this.session.query('ROLLBACK')).catch(() => this.session.close());
  }

  forget(): Promise<void> {
    return this.exclusively(() => this.#forget());
  }

  async #forget(): Promise<void> {
    if (this.#held.size === 0) return;
    await this.#begin();
    for (const mark of this.#marks.values()) await removeMark(this.session, mark);
    await this.session.query('COMMIT');
    this.#hasBegun = false;
    this.#held.clear();
  }

  /** What was asked for is done. */
  async settled(): Promise<void> {
    await this.#last.catch(() => {});
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#context.signal.removeEventListener('abort', this.#stop);
    this.#redo?.close();
    if (this.#prepared === null) this.#redo?.remove();
    this.#session?.close();
  }

  /** What waits for a lock is given up: the server would go on waiting, and others behind it. */
  readonly #stop = () => {
    const session = this.#session;
    if (session) void session.cancel().catch(() => {});
  };

  async #connect(): Promise<void> {
    this.#session = await Session.open(this.#params, this.#context.signal);
    await this.#begin();
  }

  async #begin(): Promise<void> {
    if (this.#hasBegun) return;
    await this.session.query('BEGIN');
    this.#hasBegun = true;
    for (const mark of this.#marks.values()) await lockMark(this.session, mark);
  }

  async #commit(): Promise<void> {
    await this.exclusively(async () => {
      if (this.#hasBegun) {
        // The server answers ROLLBACK where the transaction had failed before.
        const done = await this.session.client.query('COMMIT').catch((error: unknown) => {
          throw this.session.problem(error);
        });
        this.#hasBegun = false;
        if ([done].flat().at(-1)?.command !== 'COMMIT')
          throw new MillraceError({ code: 'postgres/failed', message: 'The server has undone what was written.', hint: 'Run again.' });
      }
      if (this.#prepared !== null) for (const sql of this.#marks.keys()) this.#held.set(sql, this.#prepared);
      this.#prepared = null;
      this.#ready.clear();
    });
    for (const participant of this.#participants) await participant.renew();
    if (this.#redo) this.#beginRedo();
  }

  #beginRedo(): void {
    const redo = this.#redo;
    redo?.begin();
    redo?.add(Buffer.from(JSON.stringify(this.#participants.map(({ target }) => target.spec))));
  }

  /** Makes sure that the checkpoint is committed, from the redo log if need be. */
  async #goOn(mark: Mark, { before, redo }: CommitToken, checkpoint: number): Promise<void> {
    const held = this.#held.get(tableOf(mark.table).sql) ?? null;
    if (held !== null && held >= checkpoint) return;
    const found = held === null ? 'it holds no checkpoint of it' : `it holds checkpoint ${held} and not ${checkpoint}`;
    if (redo === null || held !== before || !hasRedo(redo)) {
      throw new MillraceError({
        code: 'postgres/changed',
        message: `${this.name} does not hold what this run has committed to table "${mark.table}" (${found}).`,
        hint: 'Restore the database, or run from scratch.',
        field: 'connection',
      });
    }
    await this.#begin();
    let targets: Target[] | null = null;
    for (const frame of redoFrames(redo)) {
      if (targets) {
        await this.#copy(itemAt(targets, frame[0] ?? 0).copy, frame.subarray(1));
        continue;
      }
      targets = [];
      for (const spec of JSON.parse(frame.toString('utf8')) as TargetSpec[]) targets.push(await openTarget(this.session, spec, targets.length));
    }
    for (const { publish } of targets ?? []) if (publish) await this.session.query(publish);
    for (const { spec } of targets ?? []) await writeMark(this.session, { lineage: mark.lineage, table: spec.table }, checkpoint);
    await this.session.query('COMMIT');
    this.#hasBegun = false;
    this.#held.set(tableOf(mark.table).sql, checkpoint);
    await this.#begin();
  }
}

/** See `SinkDefinition.committedCheckpoint`. */
export async function committedIn(params: ConnectionParams, mark: Mark, signal: AbortSignal): Promise<number | null> {
  const session = await Session.open(params, signal);
  const stop = () => void session.cancel().finally(() => session.close());
  signal.addEventListener('abort', stop, { once: true });
  try {
    await session.query('BEGIN');
    await lockMark(session, mark);
    const found = await readMark(session, mark);
    await session.query('COMMIT');
    return found;
  } finally {
    signal.removeEventListener('abort', stop);
    session.close();
  }
}
