import { expect, it } from 'vitest';
import { skippedWithout } from '../servers/needed.ts';
import { whyMissing } from '../servers/postgres.ts';
import { killChanges } from './changes-law.ts';
import { mulberry32 } from './seed.ts';

const seed = Number(process.env['MILLRACE_SEED'] || Date.now() % 1_000_000);

it.skipIf(skippedWithout(whyMissing()))(
  `a run from the changes of a PostgreSQL table that is killed, with its server too, leaves each once (seed ${seed})`,
  async () => {
    const { wrong, words } = await killChanges({ to: 'sqlite', killsOfRun: 3, killsOfServer: 1, random: mulberry32(seed) });
    expect(wrong, words).toEqual([]);
  },
);
