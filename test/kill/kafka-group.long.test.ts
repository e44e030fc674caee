import { afterAll, describe, expect, it } from 'vitest';
import { whyMissing } from '../servers/kafka.ts';
import { skippedWithout } from '../servers/needed.ts';
import { sharedKafka } from '../servers/shared-kafka.ts';
import { killGroup } from './kafka-group-law.ts';

const rounds = Number(process.env['MILLRACE_KILLS'] ?? 10);

describe.skipIf(skippedWithout(whyMissing()))('instances of a group that join, leave and are killed', () => {
  afterAll(() => sharedKafka.stop());

  it.each([2, 3])('%i of them leave the rows of one that nobody disturbs', async (instances) => {
    const { kafka, topics } = await sharedKafka();
    const onRound = (text: string) => process.stderr.write(`${text}\n`);
    const { sent, lost, wrong, misnamed, words } = await killGroup({ brokers: kafka.brokers, topics, instances, rounds, random: Math.random, onRound });
    expect({ lost, wrong, misnamed }, words).toEqual({ lost: 0, wrong: 0, misnamed: 0 });
    expect(sent).toBeGreaterThan(1000);
  });
});
