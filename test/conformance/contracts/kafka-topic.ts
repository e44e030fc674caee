import { numbers, type SourceHarness } from '@millrace/kit/testing/source-trial';
import { whyMissing } from '../../servers/kafka.ts';
import { sharedKafka } from '../../servers/shared-kafka.ts';

const numberOf: SourceHarness['numberOf'] = ({ n }) => n as number;

/** Each trial has a topic of its own. */
function topic(settings: { readonly until: 'end' | 'stopped'; readonly format: 'json' | 'csv' }): SourceHarness {
  const names = new Map<string, string>();
  const text = (n: number) => (settings.format === 'json' ? JSON.stringify({ n }) : String(n));
  const nameIn = async (folder: string): Promise<string> => {
    const { topics } = await sharedKafka();
    const name = names.get(folder) ?? (await topics.create());
    names.set(folder, name);
    return name;
  };
  const add = async (folder: string, from: number, to: number): Promise<void> => {
    const { topics } = await sharedKafka();
    await topics.send(
      await nameIn(folder),
      numbers(from, to).map((n) => ({ value: text(n) })),
    );
  };
  return {
    whyMissing,
    connection: () => sharedKafka.connection(),
    params: async (folder) => ({
      connection: 'test',
      topic: await nameIn(folder),
      types: [{ column: 'n', type: 'integer' }],
      ...(settings.format === 'csv' && { format: 'csv', names: 'n' }),
      ...(settings.until === 'end' && { until: 'end' }),
    }),
    numberOf,
    ...(settings.until === 'end' ? { make: (folder: string, rows: number) => add(folder, 0, rows) } : { add }),
  };
}

export default {
  'a topic to its end': topic({ until: 'end', format: 'csv' }),
  'a topic as it grows': topic({ until: 'stopped', format: 'json' }),
} satisfies { readonly [setting: string]: SourceHarness };
