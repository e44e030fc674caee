/** The params of the sink, and which columns they put into the value. */
import { f, type ParamsOf } from '@millrace/kit/fields';
import type { Schema } from '../../model/values/types.ts';
import { csvDelimiterField, formatGroup, keyGroup, messageFormatField, messageTypeField, subjectField } from './message-fields.ts';

export const outputParams = {
  connection: f.connection({ label: 'Connection', type: 'kafka' }),
  topic: f.text({ label: 'Topic', entries: 'topics', placeholder: 'orders', help: 'It has to be there.' }),
  format: messageFormatField,
  textColumn: f.column({ label: 'Column with the text', group: formatGroup, when: { param: 'format', is: ['text'] } }),
  delimiter: csvDelimiterField,
  schema: f.choice({
    label: 'Schema',
    group: formatGroup,
    default: 'latest',
    options: [
      { value: 'latest', label: 'The newest of the subject' },
      { value: 'columns', label: 'Made of the columns', help: 'And kept in the registry under the subject.' },
    ],
    when: { param: 'format', is: ['avro', 'protobuf'] },
  }),
  subject: subjectField,
  messageType: messageTypeField,
  keyColumn: f.column({
    label: 'Key',
    group: keyGroup,
    optional: true,
    help: 'Messages with one key are in one partition, in their order. Empty: messages have no key.',
  }),
  headersColumn: f.column({ label: 'Headers', group: keyGroup, optional: true, types: ['json'], help: 'A column with an object: names with their texts.' }),
  timestampColumn: f.column({ label: 'Time', group: keyGroup, optional: true, types: ['timestamp'], help: 'Empty: when the message is written.' }),
  partitionColumn: f.column({
    label: 'Partition',
    group: keyGroup,
    optional: true,
    types: ['integer'],
    help: 'Its number, from 0. Empty, or null: by the key.',
  }),
  deletedColumn: f.column({
    label: 'Deleted',
    group: keyGroup,
    optional: true,
    types: ['boolean'],
    help: 'Where it is true, a message without a value says that the key was deleted.',
  }),
  leaveOut: f.boolean({
    label: 'Leave these columns out of the value',
    group: keyGroup,
    default: false,
    help: 'The key stays in the value otherwise, and so do the others.',
  }),
  delivery: f.choice({
    label: 'Delivery',
    default: 'exactly-once',
    options: [
      { value: 'exactly-once', label: 'Exactly once', help: 'By a transaction for each checkpoint: readers of committed messages see them with it.' },
      { value: 'at-least-once', label: 'At least once', help: 'Readers see messages at once. After a crash, those since the last checkpoint come twice.' },
    ],
  }),
  transactionTimeout: f.duration({
    label: 'Transactions end after',
    default: 300_000,
    min: 10_000,
    advanced: true,
    help: 'By the brokers, which take 15 minutes at most by default. Longer than the time between two checkpoints and a restart.',
    when: { param: 'delivery', is: ['exactly-once'] },
  }),
};
export type OutputParams = ParamsOf<typeof outputParams>;

/** The columns of the value. */
export function valueColumns(schema: Schema, params: OutputParams): Schema {
  const { keyColumn, headersColumn, timestampColumn, partitionColumn, deletedColumn, leaveOut } = params;
  const own = new Set(leaveOut ? [keyColumn, headersColumn, timestampColumn, partitionColumn, deletedColumn] : []);
  return { columns: schema.columns.filter(({ name }) => !own.has(name)) };
}
