/** What the tests of this folder share: a disturbed run, the orders that are fed to it, and the undisturbed one to compare with. */
import { appendFileSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'vitest';
import { stateFolder } from '../../engine/store/data-folder.ts';
import { DisturbedRun, until } from './disturbed-run.ts';
import { count, order, outputs, writePipeline } from './pipeline.ts';
import { idsIn, Rotations } from './rotations.ts';

const options = ['--checkpoint-every', '150ms'];

/** A folder with runs in it that end with it. */
export class Playground {
  readonly folder = mkdtempSync(join(tmpdir(), 'millrace-kill-'));
  readonly #runs: DisturbedRun[] = [];

  /** `readings` bounds the generator. `place` is where the pipeline writes, `feed` where its orders come. */
  open(name: string, readings: number | null, place = join(this.folder, name), more: readonly string[] = [], env: NodeJS.ProcessEnv = {}) {
    const feed = join(this.folder, `${name}-feed`);
    for (const folder of [place, feed, join(feed, 'logs')]) mkdirSync(folder, { recursive: true });
    const file = writePipeline(place, readings, feed);
    const data = join(this.folder, `${name}-data`);
    const run = new DisturbedRun(file, data, [...options, ...more], env);
    this.#runs.push(run);
    return { run, place, feed, state: stateFolder(data, file) };
  }

  /** Logs that a run of this place follows. */
  logs(place: string, feed: string, random: () => number): Rotations {
    return new Rotations(join(feed, 'logs'), random, () => new Set(idsIn(join(place, 'seen.jsonl'))));
  }

  async end(): Promise<void> {
    for (const run of this.#runs) await run.killGroup();
  }

  async close(): Promise<void> {
    await this.end();
    if (process.env['MILLRACE_KEEP']) process.stderr.write(`kept: ${this.folder}\n`);
    else rmSync(this.folder, { recursive: true, force: true });
  }

  /** Lets the run have all orders, ends it in order, and compares it with one that nobody disturbed. `inOrder` as of `outputs`. */
  async compare(run: DisturbedRun, place: string, orders: number, logs: Rotations | null = null, inOrder = true): Promise<void> {
    await allOrders(run, orders);
    const faults = () => logs?.faults(idsIn(join(place, 'seen.jsonl'))) ?? { missing: [], twice: [] };
    await until(
      () => faults().missing.length === 0,
      () => `lines of logs are missing: ${faults().missing.slice(0, 20)}. ${run.words}`,
    );
    await run.stop('--drain');
    expect(await run.ended(), run.words).toBe(0);
    expect(faults(), run.words).toEqual({ missing: [], twice: [] });
    const readings = count(place, 'one.db', 'readings');
    expect(readings).toBeGreaterThan(0);

    // In one instance, whatever the other one has.
    const reference = this.open('undisturbed', readings, undefined, ['--instances', '1']);
    const here = reference.place;
    for (let i = 0; i < orders; i++) appendFileSync(join(reference.feed, 'orders.jsonl'), order(i));
    reference.run.start();
    await until(
      () => count(here, 'one.db', 'readings') === readings,
      () => `${count(here, 'one.db', 'readings')} of ${readings} readings. ${reference.run.words}`,
    );
    await allOrders(reference.run, orders);
    await reference.run.stop('--drain');
    expect(await reference.run.ended(), reference.run.words).toBe(0);

    const [found, wanted] = [outputs(place, inOrder), outputs(here, inOrder)];
    for (const name of Object.keys(wanted)) {
      expect(found[name]!.length, `rows of ${name}. ${run.words}`).toBe(wanted[name]!.length);
      const first = found[name]!.findIndex((row, i) => row !== wanted[name]![i]);
      expect(first === -1 ? null : [first, found[name]![first]], name).toEqual(first === -1 ? null : [first, wanted[name]![first]]);
    }
    process.stderr.write(`${orders} orders and ${readings} readings compared\n`);
  }
}

/** Orders that come while the run goes on, lines in pieces, the file renamed now and then. */
export class Feeder {
  readonly #place: string;
  readonly #timer: NodeJS.Timeout;
  #rest = '';
  orders = 0;
  #files = 0;

  constructor(place: string) {
    this.#place = place;
    this.#feed();
    this.#timer = setInterval(() => this.#feed(), 25);
  }

  stop(): void {
    clearInterval(this.#timer);
    appendFileSync(join(this.#place, 'orders.jsonl'), this.#rest);
    this.#rest = '';
  }

  rename(): void {
    appendFileSync(join(this.#place, 'orders.jsonl'), this.#rest);
    this.#rest = '';
    renameSync(join(this.#place, 'orders.jsonl'), join(this.#place, `orders-${++this.#files}.jsonl`));
    writeFileSync(join(this.#place, 'orders.jsonl'), '');
  }

  #feed(): void {
    let text = this.#rest;
    for (let i = 0; i < 20; i++) text += order(this.orders++);
    const cut = text.length - (this.orders % 60);
    appendFileSync(join(this.#place, 'orders.jsonl'), text.slice(0, cut));
    this.#rest = text.slice(cut);
  }
}

/** The last ones may wait for the watermark within the run: they leave when it is drained. */
async function allOrders(run: DisturbedRun, wanted: number): Promise<void> {
  let found = 0;
  await until(
    async () => {
      found = Math.min(await run.rowsOut('orders'), await run.rowsOut('again'));
      return found >= wanted;
    },
    () => `${found} of ${wanted} orders. ${run.words}`,
  );
}
