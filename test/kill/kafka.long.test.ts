import { describe, expect, it } from 'vitest';
import { whyMissing } from '../servers/kafka.ts';
import { skippedWithout } from '../servers/needed.ts';
import { killKafka } from './kafka-law.ts';

const rounds = Number(process.env['MILLRACE_KILLS'] ?? 10);

describe.skipIf(skippedWithout(whyMissing()))('killed at any moment, with its broker too', () => {
  it.each(['kafka', 'sqlite'] as const)('a run from Kafka with keyed state leaves each row once in %s', async (to) => {
    const { sent, lost, wrong, words } = await killKafka({ to, killsOfRun: rounds, killsOfBroker: Math.ceil(rounds / 5), random: Math.random });
    expect({ lost, wrong }, words).toEqual({ lost: 0, wrong: 0 });
    expect(sent).toBeGreaterThan(1000);
  });
});
