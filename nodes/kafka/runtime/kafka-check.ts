/** What the panel of connections asks a cluster: whether it is there, and what it holds. */
import type { ConnectionContext, ConnectionEntry } from '@millrace/kit/connection';
import { apiVersionsV3, listGroupsV4 } from '@platformatic/kafka';
import { thousands } from '../../../model/text/thousands.ts';
import { KafkaClient, type KafkaParams, type Topic } from './kafka-client.ts';
import { SchemaRegistry } from './schema-registry.ts';

type Context = Pick<ConnectionContext, 'signal'> & { readonly params: KafkaParams };

/** Does something with a client that is closed afterwards, or when the signal fires. Rejects with MillraceErrors. */
export async function withKafka<T>({ params, signal }: Context, use: (client: KafkaClient) => Promise<T>, isOfNode = false): Promise<T> {
  const client = new KafkaClient(params, { isOfNode });
  const close = () => void client.close();
  signal.addEventListener('abort', close, { once: true });
  try {
    return await use(client);
  } catch (error) {
    throw client.problem(error);
  } finally {
    signal.removeEventListener('abort', close);
    await client.close();
  }
}

export function testKafka(context: Context): Promise<string> {
  return withKafka(context, async (client) => {
    const version = versionOf((await client.call('any', apiVersionsV3.api, 'millrace', '1')).supportedFeatures ?? []);
    const { brokers, topics } = await client.cluster(null);
    const parts = [`Kafka ${version}`, count(brokers, 'broker'), count(own(topics).length, 'topic')];
    if (context.params.registry)
      parts.push(count((await new SchemaRegistry(context.params, context.signal, { isOfNode: false }).subjects()).length, 'subject'));
    return parts.join(', ');
  });
}

/** `what`: topics, groups or subjects. */
export async function kafkaEntries(what: string, _of: unknown, context: Context): Promise<readonly ConnectionEntry[]> {
  if (what === 'subjects') {
    const subjects = await new SchemaRegistry(context.params, context.signal, { isOfNode: false }).subjects();
    return subjects.sort().map((name) => ({ name }));
  }
  return withKafka(context, async (client) => {
    const cluster = await client.cluster(null);
    if (what === 'topics') return own(cluster.topics).map(({ name, partitions }) => ({ name, detail: count(partitions.length, 'partition') }));
    const ids = new Set([...cluster.topics.values()].flatMap(({ partitions }) => partitions.map(({ leader }) => leader)));
    const groups = new Map<string, string>();
    for (const id of ids.size > 0 ? ids : (['any'] as const)) {
      const { groups: found } = await client.call(id, listGroupsV4.api, [], []);
      for (const { groupId, groupState } of found) groups.set(groupId, groupState);
    }
    return [...groups].sort().map(([name, state]) => ({ name, detail: state.toLowerCase() }));
  });
}

/** Without those that the cluster keeps for itself. */
function own(topics: ReadonlyMap<string, Topic>): Topic[] {
  return [...topics.values()].filter(({ isInternal, name }) => !isInternal && !name.startsWith('__')).sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** Brokers do not tell their version: it shows in the newest form of their metadata, which each release counts up. */
function versionOf(features: readonly { readonly name: string; readonly maxVersion: number }[]): string {
  const level = features.find(({ name }) => name === 'metadata.version')?.maxVersion ?? 0;
  if (level > newestLevel) return `${releases[0]?.[1]} or newer`;
  return releases.find(([from]) => level >= from)?.[1] ?? '3';
}
const releases: readonly (readonly [fromLevel: number, release: string])[] = [
  [34, '4.5'],
  [31, '4.4'],
  [30, '4.3'],
  [28, '4.2'],
  [26, '4.1'],
  [22, '4.0'],
  [21, '3.9'],
  [20, '3.8'],
  [15, '3.7'],
  [12, '3.6'],
  [9, '3.5'],
  [8, '3.4'],
  [4, '3.3'],
];
const newestLevel = 34;

function count(number: number, what: string): string {
  return `${thousands(number)} ${what}${number === 1 ? '' : 's'}`;
}
