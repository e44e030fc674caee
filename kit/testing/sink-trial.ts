import assert from 'node:assert/strict';
import { mkdirSync, readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Json, Row, Schema } from '../../model/values/types.ts';
import type { Connection } from '../connection.ts';
import type { PartWriter, SinkDefinition, Writer } from '../node.ts';
import { completeParams, type Params } from '../params.ts';
import { patience, type SuiteOptions } from './contract.ts';
import { type Interval, type Resume, type SinkOptions, SinkRun, type SinkSpec, writeThroughCrashes } from './sink-run.ts';

/** What the suite has to know about a sink, in one setting of its params. Rows are distinguished by their numbers. */
export interface SinkHarness {
  readonly params: { readonly [param: string]: unknown };
  /** Absent: `n` and `text`. */
  readonly schema?: Schema;
  /** The row of a number, which has a text of any length in it. */
  row?(n: number, text: string): Row;
  /**
   * The numbers of the rows that any other program finds in the output now, in order; empty if there is no output. Reads by its own means:
   * not by the sink, nor by what the sink is made of.
   */
  shown(folder: string): readonly number[] | Promise<readonly number[]>;
  /** Why the server that it needs is not available here; null if it is. Absent: it needs none. */
  whyMissing?(): string | null;
  /** The connection of a sink that has one. */
  connection?(): Connection;
  /** What happens to existing rows when a run starts from scratch: they are replaced, they stay at the start, or the run is refused. */
  readonly earlier: 'make way' | 'stay' | 'are refused';
  /** For an output that is not in the folder: makes sure that nothing of another trial is there. Called first. */
  clear?(): void | Promise<void>;
  /** Creates an output with just the row -1. Absent: the trials begin without an output. */
  before?(folder: string): void | Promise<void>;
  /** The names in the folder while no run is in progress. */
  readonly files: readonly string[];
  /** Absent: never. Others see rows before they are committed: in runs that commit with checkpoints, or (for printed rows) in all. */
  readonly early?: 'with checkpoints' | 'always';
  /** What it promises through a crash. Absent: exactly once. */
  readonly delivers?: 'at least once';
  /** Executes the first half of a commit. Absent: a commit is one step. */
  half?(folder: string, token: Json): void;
  /** Another program prevents the sink from writing, until the returned function is called. Absent: no program can. */
  block?(folder: string): () => void;
  /** The same for a commit. */
  blockCommit?(folder: string): () => void;
}

/** A run that commits once, at its end. */
export const atEnd = { commits: 'end' } as const;
/** Whether nobody sees rows of a run that ends before its commit. */
export const waitsForCommit = ({ harness }: SinkTrial): boolean => harness.early !== 'always';

const numbered: Schema = {
  columns: [
    { name: 'n', type: 'integer', nullable: false },
    { name: 'text', type: 'string', nullable: true },
  ],
};

/** One test of one sink: opens runs of it, and looks at what they leave. */
export class SinkTrial {
  readonly folder: string;
  readonly harness: SinkHarness;
  readonly definition: SinkDefinition<any>;
  /** False for a database beside another one, which decides which checkpoint counts. */
  readonly decides: boolean;
  readonly patience: number;
  readonly schema: Schema;
  readonly #runs: SinkRun[] = [];

  constructor(folder: string, definition: SinkDefinition<any>, harness: SinkHarness, options: SuiteOptions & { readonly decides?: boolean } = {}) {
    this.folder = folder;
    this.definition = definition;
    this.harness = harness;
    this.decides = options.decides ?? true;
    this.patience = options.patience ?? patience;
    this.schema = harness.schema ?? numbered;
  }

  /** Whether a checkpoint that was stored counts although the sink has not committed it. */
  get followsStored(): boolean {
    return !this.decides || this.definition.committedCheckpoint === undefined || this.harness.delivers !== undefined;
  }

  get spec(): SinkSpec {
    return { definition: this.definition, params: this.harness.params, connection: this.harness.connection?.() };
  }

  get #state(): string {
    return join(this.folder, 'state');
  }

  /** Creates what exists before the first run. */
  async begin(): Promise<void> {
    mkdirSync(this.#state);
    await this.harness.clear?.();
    await this.harness.before?.(this.folder);
  }

  async open(options: SinkOptions = {}, resume: Resume = null): Promise<{ readonly run: SinkRun; readonly writer: Writer }> {
    const run = new SinkRun(this.folder, options);
    this.#runs.push(run);
    const writer = await run.open(this.spec, this.schema, resume);
    if (!this.decides) writer.transaction?.keepRedo(this.#state);
    return { run, writer };
  }

  /** As `writeThroughCrashes` does; the rows are those up to `count`. */
  async throughCrashes(count: number, intervals: readonly Interval[]): Promise<void> {
    const { half } = this.harness;
    await writeThroughCrashes(this.folder, [this.spec], this.schema, this.rows(0, count), intervals, {
      decides: this.decides,
      onRun: (run) => this.#runs.push(run),
      ...(half && { half: (_: SinkSpec, token: Json) => half(this.folder, token) }),
    });
  }

  /** Rows that cannot be changed: others get the same ones. */
  rows(from: number, to: number, textOf: (n: number) => string = (n) => `row ${n}`): Row[] {
    const row = this.harness.row ?? ((n, text) => ({ n, text }));
    return Array.from({ length: to - from }, (_, i) => Object.freeze(row(from + i, textOf(from + i))));
  }

  async write(writer: Writer, from: number, to: number): Promise<void> {
    await writer.write(this.rows(from, to));
  }

  /** This many writers of parts of a writer's rows; null if its output accepts none. */
  async openParts(run: SinkRun, writer: Writer, count: number): Promise<PartWriter[] | null> {
    const parts: PartWriter[] = [];
    for (let i = 1; i <= count; i++) {
      const place = writer.part?.(i) ?? null;
      if (place === null) return null;
      parts.push(await run.openPart(this.spec, this.schema, place));
    }
    return parts;
  }

  /** Both phases of a checkpoint; returns the token. */
  async checkpoint(writer: Writer, number: number): Promise<Json> {
    const token = (await writer.prepare?.(number)) ?? null;
    await writer.commit(number);
    return token;
  }

  /** What the database knows about a lineage. */
  async committed(lineage = 'trial'): Promise<number | null> {
    const params: any = completeParams(this.definition.params, this.harness.params as Params);
    const path = (relative: string) => resolve(this.folder, relative);
    return this.definition.committedCheckpoint!({ params, path, connection: this.harness.connection?.(), lineage, signal: new AbortController().signal });
  }

  /** The output contains the rows up to `count`, with earlier ones if these stay, and there are no other files. */
  async expectRows(count: number, moment: string): Promise<void> {
    const { earlier, before } = this.harness;
    const numbers = Array.from({ length: count }, (_, i) => i);
    await this.expectShown(before && earlier === 'stay' ? [-1, ...numbers] : numbers, moment);
    this.expectNothingBeside(moment);
    assert.deepEqual(readdirSync(this.#state), [], `What lies in the run's own folder ${moment}`);
  }

  /** The same during a run. If rows are seen early, there may be more of them. */
  async expectRowsSoFar(count: number, moment: string): Promise<void> {
    const { early, earlier, before, shown } = this.harness;
    const numbers = [...(before && earlier === 'stay' ? [-1] : []), ...Array.from({ length: count }, (_, i) => i)];
    if (early) assert.deepEqual((await shown(this.folder)).slice(0, numbers.length), numbers, moment);
    else await this.expectShown(numbers, moment);
  }

  async expectAsBefore(moment: string): Promise<void> {
    await this.expectShown(this.harness.before ? [-1] : [], moment);
  }

  async expectShown(expected: readonly number[], moment: string): Promise<void> {
    const shown = await this.harness.shown(this.folder);
    const counted = this.harness.delivers === 'at least once' ? [...new Set(shown)] : shown;
    assert.deepEqual(counted, expected, `The rows of the output ${moment}`);
  }

  expectNothingBeside(moment: string): void {
    const beside = readdirSync(this.folder).filter((name) => name !== 'state' && !this.harness.files.includes(name));
    assert.deepEqual(beside, [], `What lies beside the output ${moment}`);
  }

  /** Closes what killed runs have left open, so that they cost this process nothing. */
  async dispose(): Promise<void> {
    for (const run of this.#runs) await run.close().catch(() => {});
  }
}
