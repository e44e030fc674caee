/** Fields that the source and the sink share, and what they say of the columns of messages. */
import { f, type ParamsOf } from '@millrace/kit/fields';

export const keyGroup = 'Parts of the message';
export const formatGroup = 'Format';
const ofCsv = { param: 'format', is: ['csv'] } as const;
const ofSchema = { param: 'format', is: ['avro', 'protobuf'] } as const;

export const messageFormatField = f.choice({
  label: 'Each message is',
  group: formatGroup,
  default: 'json',
  options: [
    { value: 'json', label: 'A JSON object' },
    { value: 'text', label: 'Text' },
    { value: 'csv', label: 'A CSV record' },
    { value: 'avro', label: 'Avro, with a schema registry' },
    { value: 'protobuf', label: 'Protobuf, with a schema registry' },
  ],
});
export const csvDelimiterField = f.choice({
  label: 'Delimiter',
  group: formatGroup,
  default: 'comma',
  options: [
    { value: 'comma', label: 'Comma ,' },
    { value: 'semicolon', label: 'Semicolon ;' },
    { value: 'tab', label: 'Tab' },
    { value: 'pipe', label: 'Pipe |' },
  ],
  when: ofCsv,
});
export const csvNamesField = f.text({
  label: 'Names of the fields',
  group: formatGroup,
  placeholder: 'id, name, price',
  help: 'Of CSV records, in their order, separated by commas.',
  when: ofCsv,
});
export const subjectField = f.text({
  label: 'Subject',
  group: formatGroup,
  optional: true,
  entries: 'subjects',
  help: 'Under which the schema registry keeps the schema. Empty: the name of the topic with -value behind it.',
  when: ofSchema,
});
export const messageTypeField = f.text({
  label: 'Message type',
  group: formatGroup,
  optional: true,
  placeholder: 'shop.Order',
  help: 'Empty: the first of the schema.',
  when: { param: 'format', is: ['protobuf'] },
});

const part = (label: string, placeholder: string, help: string) => f.text({ label, group: keyGroup, optional: true, placeholder, help });
export const partFields = {
  keyColumn: part('Column for the key', 'key', 'Empty: the key is not read.'),
  keyType: f.choice({
    label: 'The key is',
    group: keyGroup,
    default: 'text',
    options: [
      { value: 'text', label: 'Text' },
      { value: 'bytes', label: 'Bytes' },
    ],
  }),
  timestampColumn: part('Column for the time', 'message_time', 'The time of the message: choose it under "Event time" for windows.'),
  topicColumn: part('Column for the topic', 'topic', 'Empty: the topic is not told.'),
  partitionColumn: part('Column for the partition', 'partition', 'Empty: the partition is not told.'),
  offsetColumn: part('Column for the offset', 'offset', 'Empty: the offset is not told.'),
  headersColumn: part('Column for the headers', 'headers', 'An object with the names of the headers and their values as text.'),
  deletedColumn: part(
    'Column for deleted',
    'deleted',
    'A message without a value says that its key was deleted. Empty: such messages are left out, and counted in the log.',
  ),
};

/** The topics that a text names. */
export function topicNames(text: string): string[] {
  return [...new Set(text.split(',').flatMap((each) => (each.trim() === '' ? [] : [each.trim()])))];
}

export const topicFields = {
  connection: f.connection({ label: 'Connection', type: 'kafka' }),
  topicBy: f.choice({
    label: 'Topics',
    default: 'name',
    options: [
      { value: 'name', label: 'By name' },
      { value: 'pattern', label: 'By a pattern' },
    ],
  }),
  topic: f.text({
    label: 'Topic',
    entries: 'topics',
    placeholder: 'orders',
    help: 'Several are separated by commas.',
    when: { param: 'topicBy', is: ['name'] },
  }),
  pattern: f.text({
    label: 'Pattern',
    placeholder: 'orders-.*',
    help: 'A regular expression that the whole name of a topic has to match. Topics that are made later are read from their beginning.',
    when: { param: 'topicBy', is: ['pattern'] },
  }),
};
export type PartParams = ParamsOf<typeof partFields>;
