/**
 * Kills a run at random moments, and in the middle of checkpoints and commits, and compares what it wrote with a run that
 * nobody disturbed. `MILLRACE_KILLS` says how often (25; `npm run kill`: 100), `MILLRACE_SEED` draws the moments.
 */
import { appendFileSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { stateFolder } from '../../engine/store/data-folder.ts';
import { DisturbedRun, until, whenTouched } from './disturbed-run.ts';
import { count, order, outputs, writePipeline } from './pipeline.ts';

const kills = Number(process.env['MILLRACE_KILLS'] || 25);
const seed = Number(process.env['MILLRACE_SEED'] || Date.now() % 1_000_000);
const options = ['--checkpoint-every', '150ms'];

let folder: string;
const running: DisturbedRun[] = [];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'millrace-kill-'));
});
afterEach(async () => {
  for (const run of running.splice(0)) await run.killGroup();
  if (process.env['MILLRACE_KEEP']) process.stderr.write(`kept: ${folder}\n`);
  else rmSync(folder, { recursive: true, force: true });
});

function open(name: string, readings: number | null): { readonly run: DisturbedRun; readonly place: string; readonly state: string } {
  const place = join(folder, name);
  mkdirSync(place, { recursive: true });
  const file = writePipeline(place, readings);
  const data = join(place, 'data');
  const run = new DisturbedRun(file, data, options);
  running.push(run);
  return { run, place, state: stateFolder(data, file) };
}

/** Orders that come while the run goes on, lines in pieces, the file renamed now and then. */
class Feeder {
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

const different = (orders: number) => new Set(Array.from({ length: orders }, (_, i) => JSON.parse(order(i)).id as number)).size;

test(`a run that is killed ${kills} times writes what an undisturbed one does (seed ${seed})`, { timeout: 60_000 + kills * 8_000 }, async () => {
  const random = mulberry32(seed);
  const { run, place, state } = open('disturbed', null);
  const feeder = new Feeder(place);
  const tally: Record<string, number> = {};
  let wasKilled = true;
  for (let i = 0; i < kills; i++) {
    if (wasKilled) run.start();
    await until(
      () => run.runPid() !== null || !run.isAlive,
      90_000,
      () => `no run process. ${run.words}`,
    );
    if (!run.isAlive) throw new Error(`The run ended by itself: ${run.words}`);
    // Not always after a checkpoint: killed again and again before the first one, it must begin anew each time.
    const moment = random();
    let where = 'at any time';
    if (moment < 0.4) await sleep(100 + random() * 1200);
    else {
      where = moment < 0.7 ? 'in a checkpoint' : 'in a commit';
      const found = await whenTouched(state, moment < 0.7 ? /(tmp|temp|part|new)|state\.db/ : /^checkpoint-\d+\.millrace$/, 4000);
      if (!found) where = 'too late';
      else if (random() < 0.5) await sleep(random() * 15);
    }
    if (!run.isAlive) throw new Error(`The run ended by itself: ${run.words}`);
    const whole = random() < 0.5;
    wasKilled = whole;
    if (whole) await run.killGroup();
    else if (!run.killRun()) where = 'between two starts';
    const how = `${whole ? 'group' : 'run process'} ${where}`;
    tally[how] = (tally[how] ?? 0) + 1;
    if (i === Math.floor(kills / 3) || i === Math.floor((2 * kills) / 3)) feeder.rename();
  }
  feeder.stop();
  if (wasKilled) run.start();
  const { orders } = feeder;
  await allOrders(place, different(orders), run);
  await run.stop('--drain');
  expect(await run.ended(), run.words).toBe(0);
  const readings = count(place, 'one.db', 'readings');
  expect(readings).toBeGreaterThan(0);

  const reference = open('undisturbed', readings);
  for (let i = 0; i < orders; i++) appendFileSync(join(reference.place, 'orders.jsonl'), order(i));
  reference.run.start();
  const here = reference.place;
  await until(
    () => count(here, 'one.db', 'readings') === readings,
    readings + 60_000,
    () => `${count(here, 'one.db', 'readings')} of ${readings} readings. ${reference.run.words}`,
  );
  await allOrders(here, different(orders), reference.run);
  await reference.run.stop('--drain');
  expect(await reference.run.ended(), reference.run.words).toBe(0);

  const [found, wanted] = [outputs(place), outputs(here)];
  process.stderr.write(`${orders} orders, ${readings} readings; killed ${JSON.stringify(tally)}\n`);
  for (const name of Object.keys(wanted)) {
    expect(found[name]!.length, `rows of ${name}`).toBe(wanted[name]!.length);
    const first = found[name]!.findIndex((row, i) => row !== wanted[name]![i]);
    expect(first === -1 ? null : [first, found[name]![first]], name).toEqual(first === -1 ? null : [first, wanted[name]![first]]);
  }
});

/** The last ones of these wait for the watermark: they leave when the run is drained. */
const heldBack = 100;

async function allOrders(place: string, wanted: number, run: DisturbedRun): Promise<void> {
  const found = () => count(place, 'one.db', 'balances WHERE NOT alarm');
  await until(
    () => found() >= wanted - heldBack,
    120_000,
    () => `${found()} of ${wanted} orders. ${run.words}`,
  );
  await sleep(1500);
}

function mulberry32(start: number): () => number {
  let state = start;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}
