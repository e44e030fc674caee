import { describe, expect, it } from 'vitest';
import { whyMissing } from '../servers/mariadb.ts';
import { skippedWithout } from '../servers/needed.ts';
import { killMariaDb } from './mariadb-law.ts';

const rounds = Number(process.env['MILLRACE_KILLS'] ?? 8);

describe.skipIf(skippedWithout(whyMissing()))('killed at any moment, with its server too', () => {
  it('a run from MariaDB with keyed state leaves each row once in MariaDB', async () => {
    const { sent, lost, wrong, words } = await killMariaDb({ killsOfRun: rounds, killsOfServer: Math.ceil(rounds / 5), random: Math.random });
    expect({ lost, wrong }, words).toEqual({ lost: 0, wrong: 0 });
    expect(sent).toBeGreaterThan(1000);
  });
});
