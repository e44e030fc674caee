import { describe, expect, it } from 'vitest';
import { skippedWithout } from '../servers/needed.ts';
import { whyMissing } from '../servers/postgres.ts';
import { killPostgres } from './postgres-law.ts';

const kills = Number(process.env['MILLRACE_KILLS'] ?? 10);

describe.skipIf(skippedWithout(whyMissing()))('killed at any moment, with its server too', () => {
  it('a run from PostgreSQL with keyed state leaves each row once in PostgreSQL', async () => {
    const onRound = process.env['MILLRACE_KILLS'] ? (text: string) => process.stdout.write(`${text}\n`) : undefined;
    const { added, lost, wrong, words } = await killPostgres({ kills, everyServer: 5, random: Math.random, ...(onRound && { onRound }) });
    expect({ lost, wrong }, words).toEqual({ lost: 0, wrong: 0 });
    expect(added).toBeGreaterThan(500);
  });
});
