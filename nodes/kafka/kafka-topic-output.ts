import { connectionOf } from '@millrace/kit/connection';
import { loaded } from '@millrace/kit/loaded';
import { defineNode, type NodeProblem } from '@millrace/kit/node';
import type { Schema } from '../../model/values/types.ts';
import kafka from './kafka-connection.ts';
import { type OutputParams, outputParams, valueColumns } from './output-params.ts';

const code = loaded(() => import('./runtime/kafka-output.ts'));

export default defineNode({
  type: 'kafka-topic-output',
  kind: 'sink',
  title: 'Kafka output',
  summary: 'Writes rows as messages into a topic of a Kafka cluster, exactly once.',
  category: 'Network',
  icon: 'arrows-split',
  version: 1,
  keywords: ['kafka', 'stream', 'queue', 'events', 'producer', 'avro', 'protobuf', 'redpanda'],
  docs: `
Writes each row as a message. Values are as the format says: JSON with all columns, timestamps as ISO 8601, bytes as base64; CSV; the text of
one column; Avro or Protobuf with the schema id in front, as Confluent's serializers write it.

**The key** is a column as text (bytes as they are). Messages with one key go to one partition, the same that Java's clients choose; those
without a key are spread batch by batch. A column may say the partition, the time and the headers.

**Deleted**: where that column is true the message has a key and no value, which says to whoever keeps the latest value of each key that it
is gone.

**Exactly once.** The rows of a checkpoint are in one transaction with its number, an offset of the group \`millrace.\` and the run's lineage.
A run that is killed and resumed leaves each message once, for readers that read what is committed (\`isolation.level=read_committed\`; by
default clients do not). They see messages with the checkpoint after it: its interval is their latency. A run whose input ends keeps its
messages on the disk and sends them at its end, all or none of them.

**At least once** needs no transaction, and messages are seen within milliseconds. What was written since the last checkpoint comes once
more after a crash, and a run that fails leaves what it had sent.

A row that does not fit (a schema that has no place for it, a message that is too large, a partition that is not there) fails alone. While
brokers are away the run waits and goes on where it was.
`,
  inputs: [{ name: 'rows' }],
  takesShares: true,
  params: outputParams,
  card: ({ topic, delivery }) => `${topic || 'Choose a topic'}${delivery === 'exactly-once' ? '' : '\nat least once'}`,
  infer: ({ params, inputs }) => ({ outputs: {}, problems: inputs.rows ? problemsOf(params, inputs.rows) : [] }),
  code,
  run: (context) => code().openTopicOutput(context, connectionOf(kafka, context)),
  committedCheckpoint: (context) => code().committedTo(context, connectionOf(kafka, context)),
  examples: [
    { title: 'A connection has to be chosen', params: { topic: 'orders' }, inputs: { rows: [{ a: 1 }] }, failures: ['Connection'] },
    {
      title: 'What is deleted needs a key',
      params: { connection: 'shop', topic: 'orders', deletedColumn: 'gone' },
      inputs: { rows: [{ a: 1, gone: true }] },
      failures: ['needs one'],
    },
  ],
});

function problemsOf(params: OutputParams, schema: Schema): NodeProblem[] {
  if (params.deletedColumn && !params.keyColumn)
    return [
      {
        code: 'kafka/columns',
        severity: 'error',
        message: 'A message that says that its key was deleted needs one.',
        hint: 'Choose the column that holds the key.',
        field: 'keyColumn',
      },
    ];
  if (params.format === 'text' || valueColumns(schema, params).columns.length > 0) return [];
  return [
    { code: 'kafka/columns', severity: 'error', message: 'No column is left for the value.', hint: 'Keep some of them in the value.', field: 'leaveOut' },
  ];
}
