/** The redo log of a database that does not decide about a checkpoint: it can write the rows of that checkpoint again. */
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { itemAt } from '../../model/faults/missing.ts';
import { RedoFile, redoFrames } from '../files/redo-file.ts';
import { insertSql } from './sqlite-insert.ts';
import type { SqliteConnection, SqliteStatement } from './sqlite-library.ts';
import { openTarget, type Target, type TargetSpec } from './sqlite-target.ts';
import { type Bound, ValueReader, ValueWriter } from './sqlite-values.ts';

export { hasRedo } from '../files/redo-file.ts';

const frameBytes = 1 << 20;

/**
 * The first frame holds the tables, the others the values that were bound for the rows that the database accepted, in order. It has only
 * accepted rows, so that nothing is refused when they are written again.
 */
export class RedoLog {
  readonly #file: RedoFile;
  readonly #values = new ValueWriter();

  constructor(folder: string, lineage: string, database: string) {
    const name = createHash('sha256').update(`${lineage}\n${database}`).digest('hex').slice(0, 16);
    this.#file = new RedoFile(join(folder, `${name}.redo`));
  }

  get path(): string {
    return this.#file.path;
  }

  /** Clears it: the rows of the next checkpoint follow. */
  begin(tables: readonly TargetSpec[]): void {
    this.#values.at = 0;
    this.#file.begin();
    this.#file.add(Buffer.from(JSON.stringify(tables)));
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
    this.#file.sync();
  }

  close(): void {
    this.#file.close();
  }

  remove(): void {
    this.#file.remove();
  }

  #flush(): void {
    if (this.#values.at === 0) return;
    this.#file.add(this.#values.buffer.subarray(0, this.#values.at));
    this.#values.at = 0;
  }
}

/** Writes the rows of a log once more, within the connection's transaction. Throws SQLite's errors and MillraceErrors. */
export function applyRedo(path: string, database: { readonly connection: SqliteConnection; readonly path: string }, log: (message: string) => void): void {
  let tables: AppliedTable[] | null = null;
  for (const frame of redoFrames(path)) {
    if (!tables) {
      tables = (JSON.parse(frame.toString('utf8')) as TargetSpec[]).map((spec) => new AppliedTable(spec, database));
      continue;
    }
    for (const values = new ValueReader(frame); !values.isAtEnd; ) {
      const table = itemAt(tables, values.uint32());
      table.insert(Array.from({ length: values.uint32() }, () => values.value()));
    }
  }
  for (const { target } of tables ?? []) target.publish(log);
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
