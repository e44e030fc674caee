/** How topics are read. */
import type { DiscoverContext, Discovery, Reader, SourceContext } from '@millrace/kit/node';
import { MillraceError } from '../../../model/problems/problem.ts';
import { parseTimestamp } from '../../../model/time/timestamp.ts';
import type { Schema } from '../../../model/values/types.ts';
import { partsOf } from '../part-columns.ts';
import type { TopicParams } from '../topic-params.ts';
import { KafkaClient, type KafkaParams, type Topic } from './kafka-client.ts';
import { committedOffsets, earliest, latest, type Offsets, offsetsAt } from './kafka-offsets.ts';
import { Patience } from './kafka-patience.ts';
import { topicsOf } from './kafka-topics.ts';
import { textDecoder } from './line-messages.ts';
import { type Decoder, MessageRows } from './message-rows.ts';
import { sampleTopic } from './message-sample.ts';
import { PartitionFeed } from './partition-feed.ts';
import { schemaDecoder, schemaOf } from './schema-messages.ts';
import { type KafkaPosition, TopicReader } from './topic-reader.ts';

type Params = TopicParams;
type Context = SourceContext<Params, { readonly rows: Schema }>;
type Topics = ReadonlyMap<string, Topic>;

/** What a preview looks at, of each partition. */
const sampleMessages = 200;

/** `connection` throws where none is chosen. */
export async function discoverTopic(context: DiscoverContext<Params>, connection: () => KafkaParams): Promise<Discovery> {
  const { params, signal } = context;
  try {
    if (params.format === 'text') return { schema: null };
    if (params.format === 'avro' || params.format === 'protobuf') return { schema: await schemaOf(params, connection(), signal) };
    return await sampleTopic(params, connection(), context);
  } catch (error) {
    if (error instanceof MillraceError) return { schema: null, problems: [error.problem] };
    throw error;
  }
}

export async function openTopic(context: Context, connection: KafkaParams): Promise<Reader> {
  const { params, signal, sample } = context;
  const client = new KafkaClient(connection, { isOfNode: true });
  const stop = () => void client.close();
  signal.addEventListener('abort', stop, { once: true });
  try {
    const isBounded = sample || params.until === 'end';
    const patience = new Patience(client, signal, context, { waitsAtStart: !isBounded });
    const look = async () => {
      const found = await topicsOf(client, params, context);
      checkShares(found, context);
      return found;
    };
    const topics = await patience.of(look);
    const feeds = await patience.of(() => feedsOf(client, topics, context, isBounded));
    return new TopicReader(
      {
        client,
        patience,
        rows: new MessageRows(context.outputs.rows, params, context.share?.byKey === true, decoderOf(context, connection, patience), context),
        isCommitted: params.isolation === 'committed',
        isBounded,
        isMine: (partition) => isMine(partition, context),
        gone: sample ? 'earliest' : params.gone,
        group: sample ? null : params.group,
        feeds,
        topics,
        lookEvery: isBounded ? null : params.lookEvery,
        look,
      },
      context,
    );
  } catch (error) {
    await client.close();
    throw client.problem(error);
  } finally {
    signal.removeEventListener('abort', stop);
  }
}

function decoderOf(context: Context, connection: KafkaParams, patience: Patience): Decoder {
  const { params, outputs, signal } = context;
  const own = new Set(partsOf(params).map(({ name }) => name));
  const values: Schema = { columns: outputs.rows.columns.filter(({ name }) => !own.has(name)) };
  const { format } = params;
  if (format === 'avro' || format === 'protobuf') return schemaDecoder({ ...params, format }, values, connection, signal, (what) => patience.of(what));
  return textDecoder({ ...params, format }, values, context);
}

async function feedsOf(client: KafkaClient, topics: Topics, context: Context, isBounded: boolean): Promise<PartitionFeed[]> {
  const { params, sample, start } = context;
  const isCommitted = params.isolation === 'committed';
  const ends = await offsetsAt(client, topics.values(), latest, isCommitted);
  const before = start as KafkaPosition | null;
  const starts = await startsOf(client, topics, params, ends);
  const first = sample ? await offsetsAt(client, topics.values(), earliest, false) : null;
  return [...topics.values()].flatMap(({ name, id, partitions }) => {
    const known = before?.topics[name];
    if (known && known.id !== id && !sample && params.gone === 'fail') throw madeAnew(name);
    const resumed = known?.id === id ? known : undefined;
    if (known && !resumed) context.log('warning', `The topic "${name}" was deleted and made anew: it is read from its beginning.`);
    return partitions.flatMap((_, partition) => {
      if (!isMine(partition, context)) return [];
      const available = ends.get(name)?.[partition] ?? 0;
      const lowest = first?.get(name)?.[partition] ?? 0;
      const from = first ? Math.max(lowest, available - sampleMessages) : before && !resumed ? 0 : (starts.get(name)?.[partition] ?? 0);
      const next = resumed?.next[partition] ?? -1;
      const end = isBounded ? (resumed?.end?.[partition] ?? available) : null;
      const readFirst = isBounded || !params.readFirst ? null : before ? (resumed?.first?.[partition] ?? null) : available;
      return [new PartitionFeed(name, partition, { start: next >= 0 ? next : before ? 0 : from, end, available, first: readFirst })];
    });
  });
}

function isMine(partition: number, { share }: Pick<Context, 'share'>): boolean {
  return !share || partition % share.count === share.index;
}

/** Where shares go by keys, a key has to be in the same partition of all topics, and to stay there. */
function checkShares(topics: Topics, context: Context): void {
  if (!context.share?.byKey) return;
  const known = context.shared('kafka-shares', () => ({ first: null as Topic | null, close() {} }));
  const before = context.start as KafkaPosition | null;
  for (const topic of topics.values()) {
    known.first ??= topic;
    const count = topic.partitions.length;
    const told = before?.topics[topic.name];
    const seen = known.first.id === topic.id ? known.first.partitions.length : count;
    const earlier = told?.id === topic.id ? told.next.length : seen;
    if (earlier !== count) throw changedShares(topic.name, earlier, count);
    if (count !== known.first.partitions.length)
      throw new MillraceError({
        code: 'kafka/shares',
        message: `The topic "${known.first.name}" has ${known.first.partitions.length} partitions and "${topic.name}" has ${count}: messages of one key are in different shares.`,
        hint: 'Give both topics the same number of partitions, or run without a group.',
        field: 'topic',
      });
  }
}

function changedShares(name: string, before: number, now: number): MillraceError {
  return new MillraceError({
    code: 'kafka/shares',
    message: `The topic "${name}" had ${before} partitions and has ${now} now: its keys have moved to other partitions, and their state has not.`,
    hint: 'Start the group from scratch, or run without a group.',
    field: 'topic',
  });
}

async function startsOf(client: KafkaClient, topics: Topics, { from, time, group, isolation }: Params, ends: Offsets): Promise<Offsets> {
  if (from === 'latest') return ends;
  if (from === 'earliest') return offsetsAt(client, topics.values(), earliest, false);
  if (from === 'time') {
    const found = await offsetsAt(client, topics.values(), parseTimestamp(time) ?? 0, isolation === 'committed');
    return merged(found, ends);
  }
  if (!group)
    throw new MillraceError({
      code: 'kafka/start',
      message: 'No group is named whose offsets are to be read from.',
      hint: 'Name it, or begin elsewhere.',
      field: 'group',
    });
  return merged(await committedOffsets(client, group, topics.values()), await offsetsAt(client, topics.values(), earliest, false));
}

/** The second where the first has none. */
function merged(offsets: Offsets, others: Offsets): Offsets {
  return new Map([...offsets].map(([topic, list]) => [topic, list.map((offset, i) => (offset >= 0 ? offset : (others.get(topic)?.[i] ?? 0)))]));
}

function madeAnew(name: string): MillraceError {
  return new MillraceError({
    code: 'kafka/offsets-gone',
    message: `The topic "${name}" was deleted and made anew since the checkpoint: the messages that were to be read next are gone.`,
    hint: 'Set "Messages that were deleted" to go on from the earliest that is left, or start from scratch.',
    field: 'gone',
  });
}
