import { describe, expect, it } from 'vitest';
import { whyMissing as kafkaMissing } from '../servers/kafka.ts';
import { skippedWithout } from '../servers/needed.ts';
import { whyMissing } from '../servers/postgres.ts';
import { killChanges } from './changes-law.ts';

const rounds = Number(process.env['MILLRACE_KILLS'] ?? 10);

describe.each(['sqlite', 'postgres', 'kafka'] as const)('killed at any moment, with the server too', (to) => {
  const isSkipped = skippedWithout(whyMissing() ?? (to === 'kafka' ? kafkaMissing() : null));
  it.skipIf(isSkipped)(`a run from the changes of a PostgreSQL table leaves each once in ${to}`, async () => {
    const onRound = (text: string) => process.stderr.write(`${to} ${text}\n`);
    const { changes, rows, wrong, words } = await killChanges({ to, killsOfRun: rounds, killsOfServer: Math.ceil(rounds / 5), random: Math.random, onRound });
    expect(wrong, words).toEqual([]);
    process.stderr.write(`${to}: ${changes} changes, ${rows} rows compared\n`);
    expect(changes).toBeGreaterThan(rows);
  });
});
