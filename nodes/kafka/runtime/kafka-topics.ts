/** The topics that a source reads. */
import type { SourceContext } from '@millrace/kit/node';
import { MillraceError } from '../../../model/problems/problem.ts';
import { topicNames } from '../message-fields.ts';
import type { TopicParams } from '../topic-params.ts';
import type { KafkaClient, Topic } from './kafka-client.ts';

type Topics = ReadonlyMap<string, Topic>;

/** Those that are named, or match. Rejects where one of them is not there, and where none matches. */
export async function topicsOf(
  client: KafkaClient,
  params: Pick<TopicParams, 'topicBy' | 'topic' | 'pattern'>,
  { pattern }: Pick<SourceContext<unknown>, 'pattern'>,
): Promise<Topics> {
  if (params.topicBy === 'name') {
    const names = topicNames(params.topic);
    const { topics, missing } = await client.cluster(names);
    const absent = missing[0] ?? names.find((name) => !topics.has(name));
    if (absent !== undefined) throw await noTopic(client, absent);
    return topics;
  }
  const match = pattern(`^(?:${params.pattern})$`, 'u', 'pattern');
  const { topics } = await client.cluster(null);
  const found = new Map([...topics].filter(([name, { isInternal }]) => !isInternal && match(name) !== null));
  if (found.size > 0) return found;
  throw new MillraceError({
    code: 'kafka/no-topic',
    message: `No topic has a name like ${params.pattern}.`,
    hint: 'The pattern has to match the whole name.',
    field: 'pattern',
  });
}

async function noTopic(client: KafkaClient, name: string): Promise<Error> {
  const { topics } = await client.cluster(null);
  const others = [...topics.values()].filter(({ isInternal }) => !isInternal).map((topic) => topic.name);
  const some = others.sort().slice(0, 10).join(', ');
  // With the broker's own answer: right after a start it may not know yet.
  const told = new MillraceError({
    code: 'kafka/no-topic',
    message: `There is no topic "${name}".`,
    hint: others.length > 0 ? `The cluster has: ${some}${others.length > 10 ? ' and others' : ''}.` : 'The cluster has no topics yet.',
    field: 'topic',
  });
  return Object.assign(told, { apiId: 'UNKNOWN_TOPIC_OR_PARTITION' });
}
