/**
 * A database that a run writes to: one session, and one transaction for each checkpoint, shared by all sinks of the connection. Its number
 * stands in a table that the same transaction writes: see docs/adr/0041-mysql-and-mariadb.md.
 */
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { MillraceError } from '@millrace/kit/errors';
import type { SinkContext, Transaction } from '@millrace/kit/node';
import { type CommitToken, commitToken } from '../../../io/files/commit-token.ts';
import { hasRedo, RedoFile, redoFrames } from '../../../io/files/redo-file.ts';
import { itemAt } from '../../../model/faults/missing.ts';
import type { Json } from '../../../model/values/types.ts';
import { makeCommits, readCommitted, removeCommitted, takeLineage, writeCommitted } from './commits-table.ts';
import type { ConnectionParams } from './connection-params.ts';
import { numberOf, statementProblem } from './server-errors.ts';
import { Session, tableOf } from './session.ts';
import { finish, openTarget, type Target, type TargetSpec } from './target.ts';

/** A sink that writes to one table of the database. */
export interface Participant {
  readonly target: Target;
  /** All rows so far are with the server. */
  flush(): Promise<void>;
  /** What was written is committed, and the table has it. */
  renew(): Promise<void>;
}
type Context = Pick<SinkContext<unknown>, 'commits' | 'resume' | 'lineage' | 'signal' | 'log' | 'waits'>;

/** A deadlock undoes the transaction; after a lock that was waited for in vain, a server may have done so. */
const undoing = [1213, 1205];

export class OutputDatabase implements Transaction {
  readonly name: string;
  readonly #params: ConnectionParams;
  readonly #context: Context;
  readonly #participants: Participant[] = [];
  readonly #tables = new Set<string>();
  readonly #schemas = new Set<string>();
  /** Whose old rows are deleted, in this transaction or before. */
  readonly #cleared = new Set<Participant>();
  #session: Session | null = null;
  #opened: Promise<void> | null = null;
  #hasBegun = false;
  #waiting = 0;
  #marker: number | null = null;
  #prepared: number | null = null;
  #committed: number | null = null;
  #committing: Promise<void> | null = null;
  readonly #ready = new Set<Participant>();
  #redo: RedoFile | null = null;
  /** Why nothing more can be written within the transaction. */
  #broken: { readonly error: unknown } | null = null;
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

  /** Brings the database to the checkpoint that a sink resumes from. */
  async open(table: string, resume: Context['resume']): Promise<void> {
    const { schema, sql } = tableOf(table, this.#params.database);
    if (this.#tables.has(sql)) {
      const message = `Another sink of this pipeline writes table "${table}" too.`;
      const hint = 'Give each sink a table of its own, or join the rows with a Union node first.';
      throw new MillraceError({ code: 'mysql/table-twice', message, hint, field: 'table' });
    }
    this.#tables.add(sql);
    this.#waiting++;
    this.#opened ??= this.#connect();
    await this.#opened;
    await this.exclusively(async () => {
      if (!this.#schemas.has(schema)) {
        await takeLineage(this.session, this.#context);
        await makeCommits(this.session, schema);
        this.#marker = (await readCommitted(this.session, schema, this.#context.lineage)) ?? this.#marker;
        await this.session.query('COMMIT');
      }
      this.#schemas.add(schema);
      if (resume) await this.#goOn(commitToken(resume.token), resume.checkpoint);
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

  /** Writes one batch of rows; a batch that the server refuses is undone, and no other. Within `exclusively`. */
  async insert(participant: Participant, rows: string): Promise<void> {
    await this.#begin();
    await this.#clear(participant);
    await this.#insert(participant.target, rows);
    if (this.#redo) this.#redo.add(Buffer.concat([Buffer.of(this.#participants.indexOf(participant)), Buffer.from(rows)]));
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
      await this.#clear(participant);
      if (this.#prepared === null) await this.#mark(this.#schemas, checkpoint);
      this.#redo?.sync();
      this.#prepared = checkpoint;
      this.#ready.add(participant);
      return { before: this.#marker, redo: this.#redo?.path ?? null } satisfies CommitToken;
    });
  }

  /** Commits what was prepared, for all sinks with the first call; where nothing was, when all sinks have called. */
  async commit(participant: Participant, checkpoint: number | null): Promise<void> {
    if (this.#prepared === null && checkpoint !== null && checkpoint === this.#committed) return;
    if (this.#prepared === null && !this.#committing) {
      await participant.flush();
      await this.exclusively(async () => {
        await this.#begin();
        await this.#clear(participant);
      });
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

  /** As at the last commit; tables that were made since the start and got no rows are dropped. */
  async rollback(): Promise<void> {
    this.#prepared = null;
    this.#ready.clear();
    if (!this.session.isOpen) return;
    await this.exclusively(async () => {
      await this.session.query('ROLLBACK');
      this.#hasBegun = false;
      for (const { target } of this.#participants) if (target.isNew) await this.session.query(`DROP TABLE IF EXISTS ${target.sql}`);
      await this.session.query('DO RELEASE_ALL_LOCKS()');
    }).catch(() => this.session.close());
  }

  forget(): Promise<void> {
    return this.exclusively(async () => {
      if (this.#marker === null) return;
      for (const schema of this.#schemas) await removeCommitted(this.session, schema, this.#context.lineage);
      await this.session.query('COMMIT');
      this.#marker = null;
    });
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
    const session = await Session.open(this.#params, this.#context.signal);
    this.#session = session;
    // So that nothing is ever committed by itself, not even after a deadlock has ended the transaction.
    await session.query('SET SESSION autocommit = 0');
    await session.query('SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED');
  }

  /** Waits for a transaction of the same lineage whose process is gone: its commit may still be under way. */
  async #begin(): Promise<void> {
    if (this.#broken) throw this.#broken.error;
    if (this.#hasBegun) return;
    await takeLineage(this.session, this.#context);
    await this.session.query('START TRANSACTION');
    this.#hasBegun = true;
  }

  async #clear(participant: Participant): Promise<void> {
    if (this.#cleared.has(participant)) return;
    this.#cleared.add(participant);
    if (participant.target.clears) await this.#do(`DELETE FROM ${participant.target.sql}`);
  }

  async #insert({ insert: { head, tail } }: Target, rows: string): Promise<void> {
    await this.#do(`${head}${rows}${tail}`);
  }

  async #do(sql: string): Promise<void> {
    if (this.#broken) throw this.#broken.error;
    try {
      await this.session.query(sql);
    } catch (error) {
      if (undoing.includes(numberOf(error)) || !this.session.isOpen) this.#broken = { error: statementProblem(error) };
      throw error;
    }
  }

  async #mark(schemas: Iterable<string>, checkpoint: number): Promise<void> {
    for (const schema of schemas) await writeCommitted(this.session, schema, this.#context.lineage, this.#marker, checkpoint);
  }

  async #commit(): Promise<void> {
    await this.exclusively(async () => {
      if (this.#broken) throw this.#broken.error;
      if (this.#hasBegun) await this.#end();
      this.#marker = this.#prepared ?? this.#marker;
      this.#prepared = null;
      this.#ready.clear();
      for (const { target } of this.#participants) if (target.isNew) await finish(this.session, target.sql);
    });
    for (const participant of this.#participants) await participant.renew();
    if (this.#redo) this.#beginRedo();
  }

  async #end(): Promise<void> {
    await this.session.query('COMMIT');
    this.#hasBegun = false;
    await this.session.query('DO RELEASE_ALL_LOCKS()');
  }

  #beginRedo(): void {
    const redo = this.#redo;
    redo?.begin();
    redo?.add(Buffer.from(JSON.stringify(this.#participants.map(({ target }) => target.spec))));
  }

  /** Makes sure that the checkpoint is committed, from the redo log if need be. */
  async #goOn(token: CommitToken, checkpoint: number): Promise<void> {
    if (this.#marker !== null && this.#marker >= checkpoint) return;
    const found = this.#marker === null ? 'it holds no checkpoint of it' : `it holds checkpoint ${this.#marker} and not ${checkpoint}`;
    if (token.redo === null || this.#marker !== token.before || !hasRedo(token.redo)) {
      const message = `${this.name} does not hold what this run has committed to it (${found}).`;
      throw new MillraceError({ code: 'mysql/changed', message, hint: 'Restore the database, or run from scratch.', field: 'connection' });
    }
    let targets: Target[] | null = null;
    for (const frame of redoFrames(token.redo)) {
      if (targets) {
        await this.#insert(itemAt(targets, frame[0] ?? 0), frame.subarray(1).toString('utf8'));
        continue;
      }
      targets = [];
      for (const spec of JSON.parse(frame.toString('utf8')) as TargetSpec[]) targets.push(await openTarget(this.session, spec));
      for (const { schema } of targets.map(({ spec }) => tableOf(spec.table, this.#params.database))) await makeCommits(this.session, schema);
      await this.#begin();
      for (const { sql, clears } of targets) if (clears) await this.#do(`DELETE FROM ${sql}`);
    }
    await this.#mark(new Set(targets?.map(({ spec }) => tableOf(spec.table, this.#params.database).schema)), checkpoint);
    await this.#end();
    this.#marker = checkpoint;
    for (const { isNew, sql } of targets ?? []) if (isNew) await finish(this.session, sql);
  }
}
