/**
 * Kills a run at random moments, and in the middle of checkpoints and commits, and compares what it wrote with a run that
 * nobody disturbed. MILLRACE_SEED draws the moments; test/kill/run.mjs sets how often, and with how many instances.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, test } from 'vitest';
import type { CheckpointContent } from '../../engine/runners/local/flow-snapshot.ts';
import { CheckpointStore } from '../../engine/store/checkpoints.ts';
import { until, whenTouched } from './disturbed-run.ts';
import { Feeder, Playground } from './rounds.ts';
import { mulberry32 } from './seed.ts';

/** Of the run's stages: `changing` from one start to the next. */
export type KillInstances = 1 | 2 | 'changing';

const seed = Number(process.env['MILLRACE_SEED'] || Date.now() % 1_000_000);
/** So little that state is in files, of each instance. */
const littleState = { MILLRACE_STATE_MEMORY_MB: '1' };

const checkpointFile = /^checkpoint-\d+\.millrace$/;

/** The folders that the newest checkpoint, if any, has its state in because it was divided. */
function dividedStates(folder: string): string[] {
  const store = new CheckpointStore(folder);
  return store
    .list()
    .slice(0, 1)
    .flatMap(({ id }) => (store.read(id).content as CheckpointContent).folder ?? []);
}

/** `usual`: how often it is killed. */
export function testKills(usual: number, usually: KillInstances): void {
  const kills = Number(process.env['MILLRACE_KILLS'] || usual);
  const asked = process.env['MILLRACE_KILL_INSTANCES'] || String(usually);
  let playground: Playground;
  beforeEach(() => {
    playground = new Playground();
  });
  afterEach(() => playground.close());

  const title = `a run that is killed ${kills} times writes what an undisturbed one does (instances: ${asked}, seed ${seed})`;
  test(title, { timeout: 300_000 + kills * 20_000 }, async () => {
    const random = mulberry32(seed);
    const { run, place, feed, state } = playground.open('disturbed', null, undefined, [], asked === '1' ? {} : littleState);
    const feeder = new Feeder(feed);
    const logs = playground.logs(place, feed, random);
    const tally: Record<string, number> = {};
    const numbers: number[] = [];
    const divided = new Set<string>();
    const start = () => {
      const instances = asked === 'changing' ? 1 + Math.floor(random() * 3) : Number(asked);
      numbers.push(instances);
      run.start('--instances', String(instances));
    };
    let wasKilled = true;
    for (let i = 0; i < kills; i++) {
      if (wasKilled) start();
      await until(
        () => run.runPid() !== null || !run.isAlive,
        () => `no run process. ${run.words}`,
      );
      if (!run.isAlive) throw new Error(`The run ended by itself: ${run.words}`);
      logs.round();
      // State that was divided is to be gone on with, mostly.
      if (asked !== '1' && random() < 0.6) await whenTouched(state, checkpointFile, 4000);
      // Not always after a checkpoint: killed again and again before the first one, it must begin anew each time.
      const moment = random();
      let where = 'at any time';
      if (moment < 0.4) await sleep(100 + random() * 1200);
      else {
        where = moment < 0.7 ? 'in a checkpoint' : 'in a commit';
        const found = await whenTouched(state, moment < 0.7 ? /(tmp|temp|part|new)|state\.db|divided/ : checkpointFile, 4000);
        if (!found) where = 'too late';
        else if (random() < 0.5) await sleep(random() * 15);
      }
      if (!run.isAlive) throw new Error(`The run ended by itself: ${run.words}`);
      // The number of instances changes only where somebody starts it anew.
      const whole = random() < (asked === 'changing' ? 0.75 : 0.5);
      wasKilled = whole;
      if (whole) {
        await run.killGroup();
        for (const name of dividedStates(state)) divided.add(name);
        if (random() < 0.5) logs.rotate(true);
      } else if (!run.killRun()) where = 'between two starts';
      const how = `${whole ? 'group' : 'run process'} ${where}`;
      tally[how] = (tally[how] ?? 0) + 1;
      if (i === Math.floor(kills / 3) || i === Math.floor((2 * kills) / 3)) feeder.rename();
    }
    feeder.stop();
    logs.end();
    if (wasKilled) start();
    process.stderr.write(
      `killed ${JSON.stringify(tally)}; instances ${numbers.join(' ')}; state was divided for ${[...divided].join(', ') || 'no checkpoint'}\n`,
    );
    await playground.compare(run, place, feeder.orders, logs, asked === '1');
  });
}
