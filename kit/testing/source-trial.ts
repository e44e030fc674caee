import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Json, Row } from '../../model/values/types.ts';
import type { Connection } from '../connection.ts';
import type { Reader, SourceBatch, SourceDefinition } from '../node.ts';
import { patience, type SuiteOptions, within } from './contract.ts';
import { openSource, type SourceOptions } from './read-source.ts';

/** What the suite has to know about a source, in one setting of its params. Rows are distinguished by their numbers, from 0 on. */
export interface SourceHarness {
  /** Made anew each time that it is opened: an address, for example, may not be free yet. */
  params(folder: string): { readonly [param: string]: unknown } | Promise<{ readonly [param: string]: unknown }>;
  /** Makes an input with this many rows. Absent: they are added while it is read. */
  make?(folder: string, rows: number): void | Promise<void>;
  /** Appends rows. For a source that waits for more. */
  add?(folder: string, from: number, to: number): void | Promise<void>;
  numberOf(row: Row): number;
  /** Why the server that it needs cannot be had here; null where it can. Absent: it needs none. */
  whyMissing?(): string | null;
  /** Only one can read at a time: those that stand for killed ones are closed when the next one is opened. */
  readonly isAlone?: boolean;
  /** Removes what the trial has made beside its folder. */
  dispose?(folder: string): void | Promise<void>;
  /** That its node names, of a source with a field for one. */
  connection?(): Connection;
}

/** A source that is being read, and what was found. */
export interface Reading {
  readonly reader: Reader;
  readonly stop: AbortController;
  /** Numbers of the rows, in their order, and where they came from. */
  readonly numbers: number[];
  readonly places: string[];
  isClosed: boolean;
}

/** One test of one source: opens it, as often as necessary. */
export class SourceTrial {
  readonly folder: string;
  readonly harness: SourceHarness;
  readonly definition: SourceDefinition<any>;
  readonly patience: number;
  readonly #readings: Reading[] = [];

  constructor(folder: string, definition: SourceDefinition<any>, harness: SourceHarness, options: SuiteOptions = {}) {
    this.folder = folder;
    this.definition = definition;
    this.harness = harness;
    this.patience = options.patience ?? patience;
  }

  /** Whether it waits for more at the end of its input. */
  get waits(): boolean {
    return this.harness.add !== undefined;
  }

  /** Makes the input; for a source that stores what it is sent, with a first reading that is closed again. */
  async begin(rows: number): Promise<void> {
    if (this.harness.make) await this.harness.make(this.folder, rows);
    else if (rows > 0) {
      const reading = await this.open();
      await this.harness.add!(this.folder, 0, rows);
      await this.close(reading);
    }
  }

  /** `more`: params that are set over those of the harness. */
  async open(options: SourceOptions = {}, more: { readonly [param: string]: unknown } = {}): Promise<Reading> {
    if (this.harness.isAlone) for (const earlier of this.#readings) if (!earlier.isClosed) await this.close(earlier);
    const stop = new AbortController();
    const source = await openSource(
      this.definition,
      this.folder,
      { ...(await this.harness.params(this.folder)), ...more },
      { signal: stop.signal, connection: this.harness.connection?.(), ...options },
    );
    const errors = source.problems.filter(({ severity }) => severity === 'error');
    assert.deepEqual(errors, [], 'The source is sound');
    assert.ok(source.schema, 'The source has columns');
    const reading: Reading = { reader: await source.open(), stop, numbers: [], places: [], isClosed: false };
    this.#readings.push(reading);
    return reading;
  }

  /** One batch, if there is one. A source that waits too long is given up. */
  async read(reading: Reading): Promise<SourceBatch | null> {
    const batch = await within(this.patience, 'The next batch, of rows that are there', Promise.resolve(reading.reader.read()));
    if (batch) this.#take(reading, batch);
    return batch;
  }

  /** Reads on until this many rows were read in all; a source that ends, to its end. */
  async readAll(reading: Reading, count: number): Promise<void> {
    while (!this.waits || reading.numbers.length < count) if (!(await this.read(reading))) break;
  }

  #take({ numbers, places }: Reading, { rows, locate }: SourceBatch): void {
    assert.ok(rows.length > 0, 'A batch is never empty');
    rows.forEach((row, i) => {
      numbers.push(this.harness.numberOf(row));
      const { source, line } = locate?.(i) ?? { source: '', line: 0 };
      places.push(`${source}:${line}`);
    });
  }

  /** A read that finds nothing: the source waits. */
  async waiting(reading: Reading): Promise<{ readonly read: Promise<SourceBatch | null>; isSettled(): boolean }> {
    let settled = false;
    const read = Promise.resolve(reading.reader.read());
    const settle = () => {
      settled = true;
    };
    read.then(settle, settle);
    // So that it is waiting, not about to.
    await sleep(20);
    return { read, isSettled: () => settled };
  }

  /** Its position, as read from a checkpoint's file. */
  position({ reader }: Reading): Json {
    return JSON.parse(JSON.stringify(reader.position())) as Json;
  }

  async close(reading: Reading): Promise<void> {
    reading.isClosed = true;
    await within(this.patience, 'It closes', Promise.resolve(reading.reader.close()));
  }

  /** Closes readers that stand for killed ones. */
  async dispose(): Promise<void> {
    for (const reading of this.#readings) {
      reading.stop.abort();
      if (!reading.isClosed) await this.close(reading).catch(() => {});
    }
    await this.harness.dispose?.(this.folder);
  }
}

/** The numbers from one up to another one. */
export function numbers(from: number, to: number): number[] {
  return Array.from({ length: to - from }, (_, i) => from + i);
}
