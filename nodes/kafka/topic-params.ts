/** The params of the source. */
import { f, type ParamsOf } from '@millrace/kit/fields';
import { columnTypesField } from '../formats/column-fields.ts';
import { extraKeysField } from '../formats/line-fields.ts';
import {
  csvDelimiterField,
  csvNamesField,
  formatGroup,
  messageFormatField,
  messageTypeField,
  partFields,
  subjectField,
  topicFields,
} from './message-fields.ts';

export const topicParams = {
  ...topicFields,
  from: f.choice({
    label: 'Begin at',
    default: 'earliest',
    help: 'For a run that starts from scratch. One that resumes goes on where it was.',
    options: [
      { value: 'earliest', label: 'The earliest message' },
      { value: 'latest', label: 'The end', help: 'Only messages that come from now on.' },
      { value: 'time', label: 'A time' },
      { value: 'committed', label: 'Where a group is', help: 'What a group has committed; its partitions without an offset are read from their beginning.' },
    ],
  }),
  time: f.text({ label: 'Time', placeholder: '2026-01-31T12:00:00Z', when: { param: 'from', is: ['time'] } }),
  until: f.choice({
    label: 'Read until',
    default: 'stopped',
    options: [
      { value: 'stopped', label: 'It is stopped' },
      { value: 'end', label: 'The end', help: 'What is there when the run starts: the run ends then.' },
    ],
  }),
  format: messageFormatField,
  names: csvNamesField,
  delimiter: csvDelimiterField,
  subject: subjectField,
  messageType: messageTypeField,
  types: columnTypesField,
  extra: { ...extraKeysField, group: formatGroup, when: { param: 'format', is: ['json'] } },
  ...partFields,
  readFirst: f.boolean({
    label: 'Read what is there first',
    default: false,
    group: 'Reading',
    help: 'For a topic that is a table: its event time begins when everything has been read that was there at the start, and rows that are joined with it wait for that.',
    when: { param: 'until', is: ['stopped'] },
  }),
  group: f.text({
    label: 'Consumer group',
    optional: true,
    entries: 'groups',
    group: 'Reading',
    help: 'Offsets are kept in the checkpoints of the run. They are also told to Kafka under this name, for tools that watch the lag of groups.',
  }),
  isolation: f.choice({
    label: 'Transactions',
    default: 'committed',
    group: 'Reading',
    options: [
      { value: 'committed', label: 'Only what was committed' },
      { value: 'all', label: 'All messages, also of transactions that are open or were aborted' },
    ],
  }),
  gone: f.choice({
    label: 'Messages that were deleted',
    default: 'fail',
    group: 'Reading',
    help: 'Before they were read: by their age, by somebody, or because a topic was made anew.',
    options: [
      { value: 'fail', label: 'Stop the run' },
      { value: 'earliest', label: 'Go on from the earliest that is left', help: 'The log says what was lost.' },
    ],
  }),
  lookEvery: f.duration({ label: 'Look for new topics and partitions every', default: 30_000, min: 100, group: 'Reading' }),
};
export type TopicParams = ParamsOf<typeof topicParams>;
