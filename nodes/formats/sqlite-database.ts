import { existsSync, rmSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import type Sqlite from 'better-sqlite3';
import { MillraceError } from '../../engine/schema/problem.ts';
import type { Json } from '../../engine/schema/types.ts';
import type { SinkContext, Transaction } from '../kit/node.ts';
import { outputProblem } from './output-problem.ts';
import { changedDatabase, type DatabaseToken, databaseToken, readMarker, writeMarker } from './sqlite-commits.ts';
import { isBusy, type LockPatience, withLock } from './sqlite-lock.ts';
import { applyRedo, hasRedo, RedoLog } from './sqlite-redo.ts';
import type { TargetSpec } from './sqlite-target.ts';
import type { Bound } from './sqlite-values.ts';

/** Pages kept before a transaction spills into the file; more brought nothing, and counts against a run's memory. */
const cacheKib = 16 * 1024;

/** A sink that writes to one table of the database. */
export interface Participant {
  /** The table, and how it was opened since the last commit. */
  spec(): TargetSpec;
  /** Puts a new table into its place: the last step before a commit. */
  publish(): void;
  /** After a commit, or where a redo log was begun: statements must be made anew. */
  renew(): void;
}
/** Takes what a statement has bound, for one or more rows. */
export type Recorder = (bound: readonly Bound[]) => void;
type Context = Pick<SinkContext<unknown>, 'commits' | 'resume' | 'lineage' | 'signal' | 'log'>;

/**
 * One database file that a run writes to: one connection, and one transaction for each checkpoint, shared by all sinks of
 * the run that write to this file. All of it becomes visible together, or none of it.
 *
 * The file's journal mode is left as it is. A new file gets SQLite's rollback journal and not a write-ahead log: one long
 * transaction of appended pages hardly touches the journal, while a log would hold every page a second time and leave two
 * more files behind. The first transaction begins at the start, so that a run does not fail at its end for a lock; a later
 * one with its first row, so that a stream which is idle locks nobody out.
 */
export class SqliteDatabase implements Transaction {
  readonly path: string;
  readonly connection: Sqlite.Database;
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
  /** The number of this lineage in the database. */
  #marker: number | null = null;
  #prepared: { readonly checkpoint: number; readonly token: DatabaseToken } | null = null;
  #committing: Promise<void> | null = null;
  #redo: RedoLog | null = null;
  /** Inserts that came between `prepare` and `commit`, or while another program has the lock. */
  readonly #held: (() => void)[] = [];
  #draining: Promise<void> | null = null;

  constructor(path: string, Database: typeof Sqlite, context: Context) {
    this.path = path;
    this.#context = context;
    // A stream outlasts whoever has the lock; a run that ends is better told.
    const onLongWait = context.commits === 'checkpoint' ? (message: string) => context.log('warning', message) : undefined;
    this.#patience = { path, signal: context.signal, onLongWait };
    try {
      if (statSync(path, { throwIfNoEntry: false })?.isDirectory()) throw Object.assign(new Error('is a directory'), { code: 'EISDIR' });
      statSync(dirname(path));
      this.isNew = !existsSync(path);
      this.connection = new Database(path, { timeout: 0 });
    } catch (error) {
      throw outputProblem(error, path);
    }
  }

  /** Brings the database to the checkpoint that the run goes on from and begins the transaction, waiting for other writers; once for all sinks. */
  open(): Promise<void> {
    this.#opened ??= this.#open();
    return this.#opened;
  }

  /** Makes a table one sink's own. */
  claim(table: string): void {
    const key = table.toLowerCase();
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

  /** What is to be given the values that were bound for accepted rows; null where nobody keeps them. */
  recorder(participant: Participant): Recorder | null {
    const redo = this.#redo;
    const index = this.#participants.indexOf(participant);
    return redo && ((bound) => redo.add(index, bound));
  }

  /** Inserts now, or as soon as that may be; in the order of the calls. A promise asks the caller to wait with more. */
  insert(run: () => void): void | Promise<void> {
    if (this.#hasBegun && this.#prepared === null && this.#held.length === 0) {
      run();
      return;
    }
    this.#held.push(run);
    if (this.#prepared === null) return this.#drain();
    // Once it is being committed there is something to wait for; before that, waiting would stop what leads to it.
    return this.#committing?.catch(() => {});
  }

  keepRedo(folder: string): void {
    if (this.#redo) return;
    this.#redo = new RedoLog(folder, this.#context.lineage, this.path);
    this.#renew();
  }

  /** All rows that came before become durable, as far as SQLite can: the transaction holds them and the number. Gives the same token to all sinks. */
  async prepare(checkpoint: number): Promise<Json> {
    if (this.#prepared?.checkpoint === checkpoint) return this.#prepared.token;
    if (this.#prepared) throw new Error(`${this.path} has a checkpoint that was prepared and not committed`);
    if (this.#held.length > 0) await this.#drain();
    // A database that decides needs its number even where there is no row.
    if (!this.#hasBegun && !this.#redo) await this.#begin();
    const before = this.#marker;
    if (!this.#hasBegun) return this.#hold(checkpoint, { marker: before, before, redo: null });
    try {
      this.checkTransaction();
      for (const participant of this.#participants) participant.publish();
      writeMarker(this.connection, this.#context.lineage, checkpoint);
      const redo = this.#redo && { file: this.#redo.path, length: this.#redo.sync() };
      return this.#hold(checkpoint, { marker: checkpoint, before, redo });
    } catch (error) {
      throw outputProblem(error, this.path);
    }
  }

  /** Readers are waited for. Commits what was prepared, for all sinks with the first call; without a checkpoint, when all sinks have called. */
  commit(checkpoint: number | undefined): Promise<void> {
    if (checkpoint === undefined && --this.#waiting > 0) return Promise.resolve();
    this.#committing ??= (checkpoint === undefined ? this.#commitAll() : this.#commitPrepared(checkpoint)).finally(() => {
      this.#committing = null;
    });
    return this.#committing;
  }

  /** Undoes everything since the last commit in this file, whoever wrote it. */
  rollback(): void {
    this.#held.length = 0;
    this.#prepared = null;
    this.#hasBegun = false;
    if (this.connection.open && this.connection.inTransaction) this.connection.exec('ROLLBACK');
  }

  /** Called by the engine at the end of the run. A log of what was prepared and not committed stays for the run that goes on. */
  close(): void {
    this.#redo?.close();
    if (!this.#prepared) this.#redo?.remove();
    if (!this.connection.open) return;
    this.rollback();
    this.connection.close();
    if (this.isNew && !this.#isCommitted && statSync(this.path, { throwIfNoEntry: false })?.size === 0) rmSync(this.path, { force: true });
  }

  async #open(): Promise<void> {
    await withLock(() => {
      // Here and not on opening: even this reads the file, and another writer may have it to itself for a while.
      this.connection.pragma(`cache_size = -${cacheKib}`);
      this.connection.pragma('synchronous = FULL'); // A checkpoint that was committed must survive a power failure, with a write-ahead log too.
      this.connection.pragma('legacy_alter_table = ON'); // A view over the table must not hinder its replacement.
      this.connection.exec('BEGIN IMMEDIATE');
      this.#hasBegun = true;
    }, this.#patience);
    const { resume, lineage } = this.#context;
    if (!resume) return;
    try {
      await this.#goOn(databaseToken(resume.token), resume.checkpoint, lineage);
    } catch (error) {
      throw outputProblem(error, this.path);
    }
  }

  /** Makes sure that the checkpoint is committed, from the redo log if need be. */
  async #goOn(token: DatabaseToken, checkpoint: number, lineage: string): Promise<void> {
    this.#marker = readMarker(this.connection, lineage);
    if (this.#marker === token.marker) return;
    const found = this.#marker === null ? 'it holds no checkpoint' : `it holds checkpoint ${this.#marker} and not ${token.marker}`;
    if (!token.redo || this.#marker !== token.before) throw changedDatabase(this.path, found);
    if (!hasRedo(token.redo.file, token.redo.length)) throw changedDatabase(this.path, `${found}, and ${token.redo.file} with the rows between is missing`);
    applyRedo(token.redo.file, token.redo.length, this, (message) => this.#context.log('warning', message));
    writeMarker(this.connection, lineage, checkpoint);
    await withLock(() => this.connection.exec('COMMIT'), this.#patience);
    this.#marker = checkpoint;
    this.#isCommitted = true;
    this.#hasBegun = false;
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

  /** Inserts what is held. Without a promise where that is possible at once. */
  #drain(): void | Promise<void> {
    if (this.#draining) return this.#draining;
    if (this.#hasBegun || this.#tryBegin()) {
      this.#insertHeld();
      return;
    }
    this.#draining = this.#begin()
      .then(() => this.#insertHeld())
      .finally(() => {
        this.#draining = null;
      });
    return this.#draining;
  }

  #insertHeld(): void {
    for (const run of this.#held.splice(0)) run();
  }

  #hold(checkpoint: number, token: DatabaseToken): DatabaseToken {
    this.#prepared = { checkpoint, token };
    return token;
  }

  async #commitPrepared(checkpoint: number): Promise<void> {
    if (this.#prepared?.checkpoint !== checkpoint) return;
    if (this.#hasBegun) await this.#endTransaction();
    this.#marker = this.#prepared.token.marker;
    this.#prepared = null;
  }

  async #commitAll(): Promise<void> {
    this.#waiting = this.#participants.length;
    if (this.#held.length > 0) await this.#drain();
    if (this.#hasBegun) await this.#endTransaction();
  }

  async #endTransaction(): Promise<void> {
    this.checkTransaction();
    await withLock(() => this.connection.exec('COMMIT'), this.#patience);
    this.#isCommitted = true;
    this.#hasBegun = false;
    this.#renew();
  }

  #renew(): void {
    for (const participant of this.#participants) participant.renew();
    this.#redo?.begin(this.#participants.map((participant) => participant.spec()));
  }

  /** A trigger, or a full disk, can end a transaction: what came after would be written without one. */
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
