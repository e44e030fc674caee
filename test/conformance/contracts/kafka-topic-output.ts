import type { SinkHarness } from '@millrace/kit/testing/sink-trial';
import { whyMissing } from '../../servers/kafka.ts';
import { sharedKafka } from '../../servers/shared-kafka.ts';

/** Each trial has a topic of its own, made when it begins: the params are asked for after that. */
function topic(settings: Partial<SinkHarness> & { readonly delivery?: string } = {}): SinkHarness {
  const { delivery = 'exactly-once', ...rest } = settings;
  let name = '';
  return {
    get params() {
      return { connection: 'test', topic: name, keyColumn: 'n', delivery, transactionTimeout: 60_000 };
    },
    whyMissing,
    connection: () => sharedKafka.connection(),
    async before() {
      const { topics } = await sharedKafka();
      name = await topics.create();
      await topics.send(name, [{ value: JSON.stringify({ n: -1, text: 'before' }) }]);
    },
    async shown() {
      const { topics } = await sharedKafka();
      return (await topics.read(name)).map(({ value }) => (JSON.parse(String(value)) as { n: number }).n);
    },
    earlier: 'stay',
    files: [],
    ...rest,
  };
}

export default {
  'with transactions': topic(),
  'at least once': topic({ delivery: 'at-least-once', early: 'always', delivers: 'at least once' }),
} satisfies { readonly [setting: string]: SinkHarness };
