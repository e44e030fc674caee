/** Follows files that are rotated in every way, with a reader that is sometimes killed: each line once. With a virtual clock. */
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { SourceBatch } from '@millrace/kit/node';
import { expect, test } from 'vitest';
import type { Json } from '../../model/values/types.ts';
import { Rotations } from '../../test/kill/rotations.ts';
import { mulberry32 } from '../../test/kill/seed.ts';
import { TextLinesParser } from '../formats/text/text-lines.ts';
import { FileTail, type TailClock } from './runtime/tail.ts';

/** Stands still while the reader works, and advances when the reader waits and the test says so. */
class SteppedClock implements TailClock {
  #time = 1_000_000;
  #goOn: (() => void) | null = null;
  #told: () => void = () => {};
  readonly #speed: () => number;

  constructor(speed: () => number) {
    this.#speed = speed;
  }

  now(): number {
    return this.#time;
  }

  wait(ms: number, signal: AbortSignal): Promise<void> {
    if (signal.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      this.#goOn = () => {
        this.#goOn = null;
        this.#time += ms * this.#speed();
        resolve();
      };
      signal.addEventListener('abort', () => this.#goOn?.(), { once: true });
      this.#told();
    });
  }

  pass(ms: number): void {
    this.#time += ms;
  }

  goOn(): void {
    this.#goOn?.();
  }

  waits(): Promise<void> {
    return this.#goOn ? Promise.resolve() : new Promise((resolve) => (this.#told = resolve));
  }
}

/** Reads as the engine does: a checkpoint contains the position before the batch that is waited for. */
class KilledReader {
  readonly #folder: string;
  readonly #random: () => number;
  readonly clock: SteppedClock;
  readonly #told: (what: string) => void;
  /** Rows that a checkpoint covers, and those that none does. */
  readonly committed: number[] = [];
  #since: number[] = [];
  #start: Json = null;
  #before: Json = null;
  #pending: Promise<SourceBatch | null> | null = null;
  #stop = new AbortController();
  #tail: FileTail;

  constructor(folder: string, random: () => number, told: (what: string) => void) {
    this.#folder = folder;
    this.#random = random;
    this.#told = told;
    this.clock = new SteppedClock(() => 1 + random());
    this.#tail = this.#open();
  }

  #open(): FileTail {
    return new FileTail({
      path: '*.jsonl*',
      from: 'beginning',
      batchSize: this.#random() < 0.5 ? 1000 : 1 + Math.floor(this.#random() * 20),
      start: this.#start,
      signal: this.#stop.signal,
      settleMs: 1000,
      clock: this.clock,
      resolve: (path) => join(this.#folder, path),
      parser: (fail) => new TextLinesParser(null, 1024 * 1024, fail),
      fail: ({ message }) => this.#told(`! ${message}`),
      log: (_, message) => this.#told(`  ${message}`),
    });
  }

  /** The reader works until it has rows, or has to wait: then false. */
  async work(): Promise<boolean> {
    if (this.#pending) this.clock.goOn();
    else {
      this.#before = structuredClone(this.#tail.position());
      this.#pending = this.#tail.read();
    }
    const batch = await Promise.race([this.#pending, this.clock.waits().then(() => null)]);
    if (!batch) return false;
    this.#pending = null;
    const ids = batch.rows.map((row) => (JSON.parse(String(row['line'])) as { id: number }).id);
    this.#since.push(...ids);
    this.#told(`read ${ids[0]}-${ids.at(-1)} (${ids.length}) of ${batch.locate!(0).source}`);
    this.clock.pass(this.#random() * 50);
    return true;
  }

  checkpoint(): void {
    this.#start = JSON.parse(JSON.stringify(this.#pending ? this.#before : this.#tail.position())) as Json;
    this.committed.push(...this.#since.splice(0));
    this.#told('checkpoint');
  }

  async kill(): Promise<void> {
    this.#told(`kill, ${this.#since.length} not committed`);
    await this.close();
    this.#since = [];
    this.#pending = null;
  }

  restart(): void {
    this.#stop = new AbortController();
    this.#tail = this.#open();
  }

  async close(): Promise<void> {
    this.#stop.abort();
    await this.#pending;
    await this.#tail.close();
  }
}

async function follow(seed: number, kills: number): Promise<string | null> {
  const random = mulberry32(seed);
  const parent = mkdtempSync(join(tmpdir(), 'millrace-rotated-'));
  const folder = join(parent, 'logs');
  const story: string[] = [];
  const logs: Rotations = new Rotations(folder, random, () => new Set(reader.committed));
  const reader = new KilledReader(folder, mulberry32(seed + 1000), (what) => story.push(what));
  const works = async (most: number) => {
    for (let i = Math.floor(random() * most); i > 0; i--) {
      await reader.work();
      if (random() < 0.3) reader.checkpoint();
    }
  };
  try {
    for (let round = 0; round < 20; round++) {
      for (const way of logs.round()) story.push(`- ${way}`);
      await works(8);
      if (random() >= kills) continue;
      await reader.kill();
      if (random() < 0.5) story.push(`- ${logs.rotate(true)}`);
      reader.restart();
    }
    logs.end();
    story.push('end');
    const quietFrom = () => reader.clock.now() + 4000;
    for (let end = quietFrom(); reader.clock.now() < end; ) if (await reader.work()) end = quietFrom();
    reader.checkpoint();
    const { missing, twice } = logs.faults(reader.committed);
    if (missing.length === 0 && twice.length === 0) return null;
    return `seed ${seed}: missing ${missing.join()}; twice ${twice.join()}\n${process.env['MILLRACE_STORY'] ? story.join('\n') : ''}\n${readdirSync(folder)}`;
  } catch (error) {
    return `seed ${seed}: ${String((error as Error).stack)}\n${process.env['MILLRACE_STORY'] ? story.join('\n') : ''}`;
  } finally {
    await reader.close();
    rmSync(parent, { recursive: true, force: true });
  }
}

/** `MILLRACE_SEED` and `MILLRACE_SEEDS` (how many) draw others; `MILLRACE_STORY` prints what happened. */
const first = Number(process.env['MILLRACE_SEED'] || 0);
const seeds =
  first > 0
    ? Array.from({ length: Number(process.env['MILLRACE_SEEDS'] || 1) }, (_, i) => first + i)
    : [1, 2, 8, 15, 16, 22, 38, 46, 54, 86, 128, 162, 246, 422, 564, 879, 1472];

test('each line of files that are rotated comes once, however often the reader is killed', { timeout: 600_000 }, async () => {
  const broken: string[] = [];
  for (const seed of seeds) {
    const fault = await follow(seed, seed % 2 === 0 ? 0.3 : 0);
    if (fault) broken.push(fault);
  }
  expect(broken.join('\n')).toBe('');
});
