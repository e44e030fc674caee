/** How topics are written. */
import type { SinkContext, Writer } from '@millrace/kit/node';
import { initProducerIdV4 } from '@platformatic/kafka';
import { MillraceError } from '../../../model/problems/problem.ts';
import type { Schema } from '../../../model/values/types.ts';
import { type OutputParams, valueColumns } from '../output-params.ts';
import { KafkaClient, type KafkaParams } from './kafka-client.ts';
import { faultOf } from './kafka-errors.ts';
import { Patience } from './kafka-patience.ts';
import { MessageEncoder, textEncoder } from './message-encoder.ts';
import { schemaEncoder } from './schema-values.ts';
import { TopicProducer } from './topic-producer.ts';
import { readMarker, TopicWriter } from './topic-writer.ts';

type Context = SinkContext<OutputParams, { readonly rows: Schema }>;
const unstable = 'UNSTABLE_OFFSET_COMMIT';

export async function openTopicOutput(context: Context, connection: KafkaParams): Promise<Writer> {
  const { params, signal, lineage } = context;
  const { topic } = params;
  claim(
    context.shared(`kafka-output:${connection.brokers}:${topic}`, () => ({ taken: false, close() {} })),
    topic,
  );
  const client = new KafkaClient(connection, { isOfNode: true });
  try {
    const patience = new Patience(client, signal, context, { waitsAtStart: context.commits === 'checkpoint' });
    const isExact = params.delivery === 'exactly-once';
    const transactionalId = isExact ? transactionalIdOf(lineage, topic) : null;
    const producer = new TopicProducer({ client, patience, topic, transactionalId, transactionTimeout: params.transactionTimeout });
    await producer.open();
    const schema = context.inputs.rows;
    const values = valueColumns(schema, params);
    const { format } = params;
    const encode =
      format === 'avro' || format === 'protobuf'
        ? await patience.of(() => schemaEncoder({ ...params, format }, values, connection, signal))
        : textEncoder({ ...params, format }, values);
    const encoder = new MessageEncoder(params, schema, encode, producer);
    const writer = new TopicWriter({ topic, client, patience, producer, encoder, isExact }, context);
    await writer.open();
    return writer;
  } catch (error) {
    await client.close();
    throw client.problem(error);
  }
}

/** One for each output of a lineage, never random: by it a new run ends what a dead one has left open. */
function transactionalIdOf(lineage: string, topic: string): string {
  return `millrace.${lineage}.${topic}`;
}

export async function committedTo(
  { params, lineage, signal }: Pick<Context, 'params' | 'lineage' | 'signal'> & { readonly mustExist?: boolean },
  connection: KafkaParams,
): Promise<number | null> {
  const { topic, delivery, transactionTimeout } = params;
  if (delivery !== 'exactly-once') return null;
  const client = new KafkaClient(connection, { isOfNode: true });
  try {
    const patience = new Patience(client, signal, { log() {} });
    let isFenced = false;
    return await patience.of(async () => {
      try {
        return await readMarker(client, lineage, topic);
      } catch (error) {
        if (isFenced || !faultOf(error).answers.has(unstable)) throw error;
        // A dead run has left a transaction open that holds a number: with a new producer of its name it is ended, by commit or abort.
        const id = transactionalIdOf(lineage, topic);
        await client.call(await client.coordinator('transaction', id), initProducerIdV4.api, id, transactionTimeout, -1n, -1);
        isFenced = true;
        return await readMarker(client, lineage, topic);
      }
    });
  } finally {
    await client.close();
  }
}

function claim(output: { taken: boolean }, topic: string): void {
  if (output.taken)
    throw new MillraceError({
      code: 'kafka/topic-twice',
      message: `Another sink of this pipeline writes the topic "${topic}" too.`,
      hint: 'Join the rows with a Union node first.',
      field: 'topic',
    });
  output.taken = true;
}
