import { connectionOf } from '@millrace/kit/connection';
import { loaded } from '@millrace/kit/loaded';
import { defineNode, type NodeProblem } from '@millrace/kit/node';
import { parseTimestamp } from '../../model/time/timestamp.ts';
import type { Schema } from '../../model/values/types.ts';
import { outputColumns } from '../formats/column-fields.ts';
import kafka from './kafka-connection.ts';
import { partColumns } from './part-columns.ts';
import { type TopicParams, topicParams } from './topic-params.ts';

const code = loaded(() => import('./runtime/kafka-source.ts'));

export default defineNode({
  type: 'kafka-topic',
  kind: 'source',
  title: 'Kafka topic',
  summary: 'Reads the messages of topics of a Kafka cluster, as they come or up to their end.',
  category: 'Network',
  icon: 'arrows-split',
  version: 1,
  keywords: ['kafka', 'stream', 'queue', 'events', 'consumer', 'avro', 'protobuf', 'redpanda'],
  docs: `
Reads all partitions of one topic or several, each in its order. **Where it is**, is in the checkpoints of the run: it joins no group, other
readers of the topic take nothing away from it, and after a crash each message is read exactly once.

**Columns** of JSON and CSV are told from the newest messages; set others under **Column types**. Text gives one column, \`text\`. Avro and
Protobuf have the columns of the newest schema of their subject: whole numbers are integers, enumerations texts, times timestamps or dates,
\`decimal\` an exact decimal; lists, maps and records within are JSON. Messages that were written with an older or a newer schema are read by
the rules of that format.

**Besides the value** a row can have columns for the key, the time, the headers, the topic, the partition and the offset. For windows over the
time of messages, name a column for it and choose that under **Event time**: there is a watermark for each partition, and one that has
had no messages for a while (**Idle after**, otherwise five seconds) holds back nothing.

**A message without a value** (a tombstone) says that its key was deleted. It is left out, or with a **column for deleted** it becomes
a row in which that is true and the columns of the value are null.

**A topic as a table.** A compacted topic keeps the latest message of each key. To join a stream with it, connect it as the lookup of a
*Join* that **changes over time**: name columns for the key, the time and **deleted** here, choose that time under **Event time** with
**Idle after** a second or so, and set **Read what is there first**. In the join choose the column for deleted, and that rows before the
first version match it. What the topic says from then on counts from its time on.

**In a group** (\`millrace run --group\`) several instances share the partitions. Messages of one key then have to be in one partition, as
producers put them, and in joins the topics have to have the same number of partitions.

**A message that cannot be read** is a failed row that tells the topic, the partition and, as its line, the offset. What becomes of it is the
decision of this node's error policy; kept, it can be replayed.

**Transactions**: messages of transactions that were aborted never come, those of open ones when they are committed. **Until the end**
reads what is there when the run starts, and ends.

**Gone**: where messages were deleted before they were read, the run ends with how many and where, or goes on from the earliest that is left
and says so in the log. While brokers are away it waits, and goes on where it was when one is back.
`,
  outputs: [{ name: 'rows' }],
  bounded: ({ until }) => until === 'end',
  shares: ({ until, keyColumn, keyType }) => (until === 'end' ? null : { key: (keyType === 'text' && keyColumn) || null }),
  params: topicParams,
  card: ({ topicBy, topic, pattern, from }) => `${(topicBy === 'name' ? topic : pattern) || 'Choose a topic'}${from === 'latest' ? '\nfrom its end on' : ''}`,
  infer: ({ params, discovered }) => {
    const found: Schema | null = params.format === 'text' ? { columns: [{ name: 'text', type: 'string', nullable: false }] } : (discovered ?? declared(params));
    const values = outputColumns(found, params.types, null, params.format === 'json');
    const problems: NodeProblem[] = [...(values.problems ?? []), ...timeProblem(params)];
    const schema = values.outputs['rows'];
    if (!schema) return { outputs: { rows: null }, problems };
    const whole = partColumns(schema, params);
    return 'problem' in whole ? { outputs: { rows: null }, problems: [...problems, whole.problem] } : { outputs: { rows: whole.schema }, problems };
  },
  code,
  discover: (context) => code().discoverTopic(context, () => connectionOf(kafka, context)),
  run: (context) => code().openTopic(context, connectionOf(kafka, context)),
  examples: [
    { title: 'A connection has to be chosen', params: { topic: 'orders' }, outputs: { rows: [] }, failures: ['Connection'] },
    {
      title: 'A time has to be one',
      params: { connection: 'shop', topic: 'orders', from: 'time', time: 'soon', format: 'text' },
      outputs: { rows: [] },
      failures: ['"soon" is no time'],
    },
  ],
});

/** What the params say by themselves. */
function declared({ format, types }: Pick<TopicParams, 'format' | 'types'>): Schema | null {
  return format === 'json' && types.length > 0 ? { columns: [] } : null;
}

function timeProblem({ from, time }: Pick<TopicParams, 'from' | 'time'>): NodeProblem[] {
  if (from !== 'time' || parseTimestamp(time) !== null) return [];
  return [{ code: 'kafka/start', severity: 'error', message: `"${time}" is no time.`, hint: 'Write it as 2026-01-31T12:00:00Z.', field: 'time' }];
}
