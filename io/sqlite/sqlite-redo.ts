/** The redo log of a database that does not decide about a checkpoint: it can write the rows of that checkpoint again. */
import { createHash } from 'node:crypto';
import { closeSync, fsyncSync, ftruncateSync, mkdirSync, openSync, readSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { itemAt } from '../../model/faults/missing.ts';
import { writeAll } from '../files/file-commit.ts';
import { syncFolder } from '../files/part-file.ts';
import { insertSql } from './sqlite-insert.ts';
import type { SqliteConnection, SqliteStatement } from './sqlite-library.ts';
import { openTarget, type Target, type TargetSpec } from './sqlite-target.ts';
import { type Bound, ValueReader, ValueWriter } from './sqlite-values.ts';

const frameBytes = 1 << 20;
/** A double, at the start of the file. */
const lengthBytes = 8;

/**
 * A file that begins with its durable length, followed by frames, each with its own length before it: first the tables, then the values
 * that were bound for the rows that the database accepted, in order. It has only accepted rows, so that nothing is refused when they are
 * written again.
 */
export class RedoLog {
  readonly path: string;
  readonly #descriptor: number;
  readonly #values = new ValueWriter();
  #at = 0;

  constructor(folder: string, lineage: string, database: string) {
    const name = createHash('sha256').update(`${lineage}\n${database}`).digest('hex').slice(0, 16);
    this.path = join(folder, `${name}.redo`);
    mkdirSync(folder, { recursive: true });
    this.#descriptor = openSync(this.path, 'w');
    syncFolder(folder);
  }

  /** Clears it: the rows of the next checkpoint follow. */
  begin(tables: readonly TargetSpec[]): void {
    this.#values.at = 0;
    ftruncateSync(this.#descriptor, 0);
    this.#at = lengthBytes;
    this.#frame(Buffer.from(JSON.stringify(tables)));
  }

  /** The values of one or more rows of the table with this index, as one statement bound them. */
  add(table: number, bound: readonly Bound[]): void {
    const values = this.#values;
    values.uint32(table);
    values.uint32(bound.length);
    for (let i = 0; i < bound.length; i++) values.value(bound[i]);
    if (values.at >= frameBytes) this.#flush();
  }

  /** Makes it durable. More may follow. */
  sync(): void {
    this.#flush();
    const length = Buffer.alloc(lengthBytes);
    length.writeDoubleLE(this.#at);
    writeAll(this.#descriptor, length, 0);
    fsyncSync(this.#descriptor);
  }

  close(): void {
    closeSync(this.#descriptor);
  }

  remove(): void {
    rmSync(this.path, { force: true });
  }

  #flush(): void {
    if (this.#values.at === 0) return;
    this.#frame(this.#values.buffer.subarray(0, this.#values.at));
    this.#values.at = 0;
  }

  #frame(bytes: Buffer): void {
    const head = Buffer.alloc(4);
    head.writeUInt32LE(bytes.length);
    writeAll(this.#descriptor, head, this.#at);
    writeAll(this.#descriptor, bytes, this.#at + head.length);
    this.#at += head.length + bytes.length;
  }
}

/** Whether the log still has at least the length that was made durable. */
export function hasRedo(path: string): boolean {
  const size = statSync(path, { throwIfNoEntry: false })?.size ?? 0;
  if (size <= lengthBytes) return false;
  const descriptor = openSync(path, 'r');
  try {
    const length = lengthOf(descriptor);
    return length > lengthBytes && length <= size;
  } finally {
    closeSync(descriptor);
  }
}

function lengthOf(descriptor: number): number {
  const bytes = Buffer.alloc(lengthBytes);
  readSync(descriptor, bytes, 0, lengthBytes, 0);
  return bytes.readDoubleLE();
}

/** Writes the rows of a log once more, within the connection's transaction. Throws SQLite's errors and MillraceErrors. */
export function applyRedo(path: string, database: { readonly connection: SqliteConnection; readonly path: string }, log: (message: string) => void): void {
  const descriptor = openSync(path, 'r');
  try {
    const length = lengthOf(descriptor);
    let at = lengthBytes;
    const frame = (): Buffer => {
      const head = Buffer.alloc(4);
      readSync(descriptor, head, 0, 4, at);
      const bytes = Buffer.alloc(head.readUInt32LE());
      readSync(descriptor, bytes, 0, bytes.length, at + 4);
      at += 4 + bytes.length;
      return bytes;
    };
    const tables = (JSON.parse(frame().toString('utf8')) as TargetSpec[]).map((spec) => new AppliedTable(spec, database));
    while (at < length) {
      for (const values = new ValueReader(frame()); !values.isAtEnd; ) {
        const table = itemAt(tables, values.uint32());
        table.insert(Array.from({ length: values.uint32() }, () => values.value()));
      }
    }
    for (const { target } of tables) target.publish(log);
  } finally {
    closeSync(descriptor);
  }
}

class AppliedTable {
  readonly target: Target;
  readonly #spec: TargetSpec;
  readonly #connection: SqliteConnection;
  readonly #statements = new Map<number, SqliteStatement>();

  constructor(spec: TargetSpec, database: { readonly connection: SqliteConnection; readonly path: string }) {
    this.#spec = spec;
    this.#connection = database.connection;
    this.target = openTarget(database, spec);
  }

  insert(bound: readonly Bound[]): void {
    let statement = this.#statements.get(bound.length);
    if (!statement) {
      statement = this.#connection.prepare(insertSql(this.target, this.#spec, bound.length / this.#spec.columns.length));
      this.#statements.set(bound.length, statement);
    }
    statement.run(...bound);
  }
}
