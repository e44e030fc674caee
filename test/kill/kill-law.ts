/**
 * Kills a run at random moments, and in the middle of checkpoints and commits, and compares what it wrote with a run that
 * nobody disturbed. `MILLRACE_KILLS` says how often, where that is set (`npm run kill`: 100), `MILLRACE_SEED` draws the moments.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, test } from 'vitest';
import { until, whenTouched } from './disturbed-run.ts';
import { Feeder, Playground } from './rounds.ts';
import { mulberry32 } from './seed.ts';

const seed = Number(process.env['MILLRACE_SEED'] || Date.now() % 1_000_000);

/** `usual`: how often it is killed. */
export function testKills(usual: number): void {
  const kills = Number(process.env['MILLRACE_KILLS'] || usual);
  let playground: Playground;
  beforeEach(() => {
    playground = new Playground();
  });
  afterEach(() => playground.close());

  test(`a run that is killed ${kills} times writes what an undisturbed one does (seed ${seed})`, { timeout: 300_000 + kills * 20_000 }, async () => {
    const random = mulberry32(seed);
    const { run, place, feed, state } = playground.open('disturbed', null);
    const feeder = new Feeder(feed);
    const logs = playground.logs(place, feed, random);
    const tally: Record<string, number> = {};
    let wasKilled = true;
    for (let i = 0; i < kills; i++) {
      if (wasKilled) run.start();
      await until(
        () => run.runPid() !== null || !run.isAlive,
        () => `no run process. ${run.words}`,
      );
      if (!run.isAlive) throw new Error(`The run ended by itself: ${run.words}`);
      logs.round();
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
      if (whole) {
        await run.killGroup();
        if (random() < 0.5) logs.rotate(true);
      } else if (!run.killRun()) where = 'between two starts';
      const how = `${whole ? 'group' : 'run process'} ${where}`;
      tally[how] = (tally[how] ?? 0) + 1;
      if (i === Math.floor(kills / 3) || i === Math.floor((2 * kills) / 3)) feeder.rename();
    }
    feeder.stop();
    logs.end();
    if (wasKilled) run.start();
    process.stderr.write(`killed ${JSON.stringify(tally)}\n`);
    await playground.compare(run, place, feeder.orders, logs);
  });
}
