import { existsSync, rmSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { foldName, quoteName } from '@millrace/kit/formats/sqlite-name';
import type { SinkContext, Transaction } from '@millrace/kit/node';
import { MillraceError } from '../../model/problems/problem.ts';
import type { Json } from '../../model/values/types.ts';
import { type CommitToken, commitToken } from '../files/commit-token.ts';
import { outputProblem } from '../files/output-problem.ts';
import { PartNames } from '../files/part-file.ts';
import { changedDatabase, goneDatabase, readMarker, removeMarker, writeMarker } from './sqlite-commits.ts';
import { openSqlite, pragma } from './sqlite-driver.ts';
import type { SqliteConnection } from './sqlite-library.ts';
import { isBusy, type LockPatience, withLock } from './sqlite-lock.ts';
import { applyRedo, hasRedo, RedoLog } from './sqlite-redo.ts';
import type { TargetSpec } from './sqlite-target.ts';
import type { Recorder } from './sqlite-values.ts';

/** Pages kept before a transaction spills into the file; more did not help, and count against a run's memory. */
const cacheKib = 16 * 1024;
/** Twice SQLite's own: a long transaction of new rows takes 7 % less time. Many short ones would write twice as much. */
const newFilePageSize = 8192;

/** A sink that writes to one table of the database. */
export interface Participant {
  /** The table, and how it was opened since the last commit. */
  spec(): TargetSpec;
  /** Puts a new table in place: the last step before a commit. */
  publish(): void;
  /** After a commit, or when a redo log has begun: statements must be prepared again. */
  renew(): void;
}
type Context = Pick<SinkContext<unknown>, 'commits' | 'resume' | 'lineage' | 'signal' | 'log'>;

/**
 * One database file that a run writes to: one connection, and one transaction for each checkpoint, shared by all sinks of the run that
 * write to this file. All of it becomes visible together, or none of it.
 *
 * The file's journal mode is not changed. A new file gets SQLite's rollback journal rather than a write-ahead log: one long transaction of
 * appended pages hardly touches the journal, while a log would contain every page a second time and leave two more files. The first
 * transaction begins at the start, so that a run does not fail at its end because of a lock; a later one with its first row, so that an
 * idle stream does not lock out other programs.
 */
export class SqliteDatabase implements Transaction {
  readonly path: string;
  readonly connection: SqliteConnection;
  /** The file did not exist before this run. */
  readonly isNew: boolean;
  readonly #context: Context;
  readonly #patience: LockPatience;
  readonly #tables = new Set<string>();
  readonly #participants: Participant[] = [];
  #opened: Promise<void> | null = null;
  #hasBegun = false;
  /** Sinks that have not called a `commit` without a checkpoint. */
  #waiting = 0;
  #isCommitted = false;
  /** A checkpoint may refer to this file from then on. */
  #wasPrepared = false;
  /** The number of this lineage in the database. */
  #marker: number | null = null;
  /** The checkpoint whose number the transaction contains. */
  #prepared: number | null = null;
  /** Sinks whose rows already belong to the next checkpoint. */
  readonly #ready = new Set<Participant>();
  /** The checkpoint that was committed last by this run. */
  #committed: number | null = null;
  #committing: Promise<void> | null = null;
  #redo: RedoLog | null = null;
  /** Inserts that wait for the transaction to begin. */
  #queue: (() => void)[] = [];
  /** Inserts that arrived between `prepare` and `commit`. */
  #next: (() => void)[] = [];
  #draining: Promise<void> | null = null;
  readonly #isPart: boolean;
  readonly #names: PartNames;
  /** Files beside this one for parts of its rows. They are removed with the connection, to which the joined ones are attached. */
  readonly #parts: string[] = [];
  #taken = 0;

  /** `isPrivate`: a new file is for its owner alone. `isPart`: another database joins its rows, and nothing of it outlives the run. */
  constructor(path: string, context: Context, { isPrivate = false, isPart = false } = {}) {
    this.path = path;
    this.#isPart = isPart;
    this.#names = new PartNames(path, context.lineage);
    this.#context = context;
    // A stream waits until the lock is free; a run that ends reports it.
    const onLongWait = context.commits === 'checkpoint' ? (message: string) => context.log('warning', message) : undefined;
    this.#patience = { path, signal: context.signal, onLongWait };
    try {
      if (statSync(path, { throwIfNoEntry: false })?.isDirectory()) throw Object.assign(new Error('is a directory'), { code: 'EISDIR' });
      statSync(dirname(path));
      this.isNew = !existsSync(path);
      if (this.isNew && context.resume) throw goneDatabase(path);
      this.connection = openSqlite(path, { isPrivate });
    } catch (error) {
      throw outputProblem(error, path);
    }
  }

  /**
   * Brings the database to the checkpoint that a sink resumes from, and begins the transaction, waiting for other writers. Each sink calls
   * it, one after the other.
   */
  async open(resume: SinkContext<unknown>['resume']): Promise<void> {
    this.#opened ??= this.#open();
    await this.#opened;
    if (!resume) return;
    try {
      await this.#goOn(commitToken(resume.token), resume.checkpoint);
    } catch (error) {
      throw outputProblem(error, this.path);
    }
  }

  /** Claims a table for one sink. */
  claim(table: string): void {
    const key = foldName(table);
    if (this.#tables.has(key)) {
      throw new MillraceError({
        code: 'sqlite/table-twice',
        message: `Another sink of this pipeline writes table "${table}" of ${this.path} too.`,
        hint: 'Give each sink a table of its own, or join the rows with a Union node first.',
        field: 'table',
      });
    }
    this.#tables.add(key);
    this.#waiting++;
  }

  join(participant: Participant): void {
    this.#participants.push(participant);
    if (this.#redo) this.#renew();
  }

  /** Receives the values that were bound for accepted rows; null if they are not kept. */
  recorder(participant: Participant): Recorder | null {
    const redo = this.#redo;
    const index = this.#participants.indexOf(participant);
    return redo && ((bound) => redo.add(index, bound));
  }

  /** Inserts now or as soon as possible, in the order of the calls. A promise asks the caller to wait before it sends more. */
  insert(participant: Participant, run: () => void): void | Promise<void> {
    if (this.#ready.size > 0 && this.#ready.has(participant)) {
      this.#next.push(run);
      // During a commit there is something to wait for; before it, waiting would block what leads to it.
      return this.#committing?.catch(() => {});
    }
    if (this.#hasBegun && this.#queue.length === 0) {
      run();
      return;
    }
    this.#queue.push(run);
    return this.#drain();
  }

  /** The name of a new file for a part of the rows. */
  part(): string {
    const path = this.#names.rows(this.#parts.length + 1);
    this.#parts.push(path);
    return path;
  }

  /** Appends the rows of a table of another file to those of `into`, a table with the same columns and without keys. */
  take(path: string, table: string, into: string): void {
    try {
      this.checkTransaction();
      const name = `part${++this.#taken}`;
      this.connection.prepare(`ATTACH ? AS ${name}`).run(path);
      // Equal columns, and `*`: SQLite copies the records as they are.
      this.connection.exec(`INSERT INTO main.${quoteName(into)} SELECT * FROM ${name}.${quoteName(table)}`);
    } catch (error) {
      throw outputProblem(error, this.path);
    }
  }

  keepRedo(folder: string): void {
    if (this.#redo) return;
    this.#redo = new RedoLog(folder, this.#context.lineage, this.path);
    this.#renew();
  }

  /**
   * The rows of one sink become durable, as far as SQLite can: the transaction contains them and the number. Rows of sinks that are not yet
   * prepared may still follow.
   */
  async prepare(participant: Participant, checkpoint: number): Promise<Json> {
    if (this.#prepared !== null && this.#prepared !== checkpoint) throw new Error(`${this.path}: checkpoint ${this.#prepared} was prepared and not committed`);
    if (this.#queue.length > 0) await this.#drain();
    // Also without a row: a checkpoint counts only if its number is there.
    if (!this.#hasBegun) await this.#begin();
    try {
      this.checkTransaction();
      participant.publish();
      if (this.#prepared === null) writeMarker(this.connection, this.#context.lineage, checkpoint);
      this.#redo?.sync();
    } catch (error) {
      throw outputProblem(error, this.path);
    }
    this.#prepared = checkpoint;
    this.#wasPrepared = true;
    this.#ready.add(participant);
    return { before: this.#marker, redo: this.#redo?.path ?? null } satisfies CommitToken;
  }

  /** Waits for readers. Commits what was prepared, for all sinks with the first call; if nothing was prepared, when all sinks have called. */
  async commit(participant: Participant, checkpoint: number | null): Promise<void> {
    if (this.#prepared === null && checkpoint !== null && checkpoint === this.#committed) return;
    if (this.#prepared === null && !this.#committing) {
      participant.publish();
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

  /** Undoes everything since the last commit in this file, whichever sink wrote it. */
  rollback(): void {
    this.#queue = [];
    this.#next = [];
    this.#prepared = null;
    this.#hasBegun = false;
    if (this.connection.inTransaction) this.connection.exec('ROLLBACK');
  }

  forget(): void {
    if (this.#marker === null || (!this.#hasBegun && !this.#tryBegin())) return;
    removeMarker(this.connection, this.#context.lineage);
    try {
      this.connection.exec('COMMIT');
    } catch (error) {
      // Another program reads. It does no harm there.
      if (!isBusy(error)) throw error;
      this.connection.exec('ROLLBACK');
    }
    this.#hasBegun = false;
    this.#marker = null;
  }

  /** Called by the engine at the end of the run. A log of what was prepared but not committed stays for the run that resumes. */
  close(): void {
    this.#redo?.close();
    if (this.#prepared === null) this.#redo?.remove();
    if (!this.connection.isOpen) return;
    this.rollback();
    this.connection.close();
    for (const path of this.#parts) rmSync(path, { force: true });
    const isNobodys = this.isNew && !this.#isCommitted && (!this.#wasPrepared || this.#context.commits === 'end');
    if (isNobodys && statSync(this.path, { throwIfNoEntry: false })?.size === 0) rmSync(this.path, { force: true });
  }

  async #open(): Promise<void> {
    await withLock(() => {
      // Here rather than on opening: even this reads the file, and another writer may have it locked for a while.
      pragma(this.connection, `cache_size = -${cacheKib}`);
      if (this.isNew && this.#context.commits === 'end') pragma(this.connection, `page_size = ${newFilePageSize}`);
      // OFF is refused in the defensive mode in which Node opens databases.
      if (this.#isPart) this.connection.exec('PRAGMA journal_mode = MEMORY; PRAGMA synchronous = OFF; PRAGMA locking_mode = EXCLUSIVE');
      else pragma(this.connection, 'synchronous = FULL'); // A committed checkpoint must survive a power failure, also with a write-ahead log.
      pragma(this.connection, 'legacy_alter_table = ON'); // A view over the table must not prevent its replacement.
      this.connection.exec('BEGIN IMMEDIATE');
      this.#hasBegun = true;
    }, this.#patience);
    if (this.#context.commits === 'end' && !this.#isPart) this.#names.removeStale();
    this.#marker = readMarker(this.connection, this.#context.lineage);
  }

  /** Ensures that the checkpoint is committed, from the redo log if necessary. */
  async #goOn(token: CommitToken, checkpoint: number): Promise<void> {
    // A later one: the run resumes from an older checkpoint than the last, and has reported that.
    if (this.#marker !== null && this.#marker >= checkpoint) return;
    const found = this.#marker === null ? 'it holds no checkpoint of it' : `it holds checkpoint ${this.#marker} and not ${checkpoint}`;
    if (token.redo === null || this.#marker !== token.before) throw changedDatabase(this.path, found);
    if (!hasRedo(token.redo)) throw changedDatabase(this.path, `${found}, and ${token.redo} with the rows between is missing`);
    applyRedo(token.redo, this, (message) => this.#context.log('warning', message));
    writeMarker(this.connection, this.#context.lineage, checkpoint);
    await withLock(() => this.connection.exec('COMMIT'), this.#patience);
    this.#hasBegun = false;
    this.#isCommitted = true;
    this.#marker = checkpoint;
    await this.#begin();
  }

  #tryBegin(): boolean {
    try {
      this.connection.exec('BEGIN IMMEDIATE');
    } catch (error) {
      if (isBusy(error)) return false;
      throw outputProblem(error, this.path);
    }
    this.#hasBegun = true;
    return true;
  }

  async #begin(): Promise<void> {
    if (this.#tryBegin()) return;
    await withLock(() => this.connection.exec('BEGIN IMMEDIATE'), this.#patience);
    this.#hasBegun = true;
  }

  /** Inserts what waits. Returns no promise if that is possible at once. */
  #drain(): void | Promise<void> {
    if (this.#draining) return this.#draining;
    if (this.#hasBegun || this.#tryBegin()) {
      this.#insertQueued();
      return;
    }
    this.#draining = this.#begin()
      .then(() => this.#insertQueued())
      .finally(() => {
        this.#draining = null;
      });
    return this.#draining;
  }

  #insertQueued(): void {
    const queued = this.#queue;
    this.#queue = [];
    for (const run of queued) run();
  }

  async #commit(): Promise<void> {
    if (this.#queue.length > 0) await this.#drain();
    if (this.#hasBegun) {
      this.checkTransaction();
      await withLock(() => this.connection.exec('COMMIT'), this.#patience);
      this.#hasBegun = false;
      this.#isCommitted = true;
    }
    this.#marker = this.#prepared ?? this.#marker;
    this.#prepared = null;
    this.#ready.clear();
    this.#queue = this.#next;
    this.#next = [];
    this.#renew();
  }

  #renew(): void {
    for (const participant of this.#participants) participant.renew();
    this.#redo?.begin(this.#participants.map((participant) => participant.spec()));
  }

  /** A trigger, or a full disk, can end a transaction: later rows would be written without one. */
  checkTransaction(): void {
    if (this.connection.inTransaction) return;
    throw new MillraceError({
      code: 'sqlite/rolled-back',
      message: `SQLite has rolled back what was written to ${this.path} (a trigger with RAISE(ROLLBACK), or a full disk).`,
      hint: 'Change the trigger, or free some space, then run again.',
      field: 'path',
    });
  }
}
