/** The columns of a topic, told from its newest messages as they would be told from the lines of a file. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DiscoverContext, Discovery } from '@millrace/kit/node';
import { fetchV13 } from '@platformatic/kafka';
import { MillraceError } from '../../../model/problems/problem.ts';
import { CellFormats } from '../../formats/cells/cell-formats.ts';
import { discoverCsv } from '../../formats/csv/csv-head.ts';
import { csvOptions } from '../../formats/csv/csv-options.ts';
import { discoverJsonl } from '../../formats/json/jsonl-head.ts';
import type { TopicParams } from '../topic-params.ts';
import { withKafka } from './kafka-check.ts';
import type { KafkaClient, KafkaParams, Topic } from './kafka-client.ts';
import { earliest, latest, offsetsAt } from './kafka-offsets.ts';
import { topicsOf } from './kafka-topics.ts';
import { fieldNames } from './line-messages.ts';
import { PartitionFeed } from './partition-feed.ts';

/** In all, and of each partition. */
const sampleRows = 1000;
const ofPartition = 200;
const timeLimitMs = 5000;
const pollMs = 200;
const bytes = 1024 * 1024;

/** Problems that concern the topic are in the discovery; the connection's are thrown. */
export async function sampleTopic(
  params: TopicParams,
  connection: KafkaParams,
  { signal, brief }: Pick<DiscoverContext<unknown>, 'signal' | 'brief'>,
): Promise<Discovery> {
  const limit = AbortSignal.any([signal, AbortSignal.timeout(timeLimitMs)]);
  const isCsv = params.format === 'csv';
  const names = fieldNames(params.names);
  if (isCsv && names.length === 0) return { schema: null };
  const values = await withKafka({ params: connection, signal: limit }, (client) => newest(client, params, limit), true);
  const lines = values.map((value) => (isCsv ? value.toString('utf8') : oneLine(value)));
  if (lines.length === 0) {
    if (isCsv) return { schema: { columns: names.map((name) => ({ name, type: 'string', nullable: true })) } };
    return params.types.length > 0 ? { schema: { columns: [] } } : { schema: null, problems: [noMessages(params)] };
  }
  const folder = mkdtempSync(join(tmpdir(), 'millrace-sample-'));
  try {
    const path = join(folder, 'sample');
    const text = `${isCsv ? `${names.map((name) => JSON.stringify(name)).join(delimiterOf(params))}\n` : ''}${lines.join('\n')}\n`;
    writeFileSync(path, text, { mode: 0o600 });
    const file = { path, name: params.topic || params.pattern, size: Buffer.byteLength(text) };
    const formats = new CellFormats(params.types);
    const found = isCsv
      ? await discoverCsv([file], csvOptions({ ...csvAsIs, ...params, sampleRows }), signal, { brief: brief ?? false })
      : await discoverJsonl([file], { encoding: 'utf-8', sampleRows, formats, brief: brief ?? false }, signal);
    const { dependsOn: _, ...rest } = found;
    // Rows that do not fit fail when they come.
    const detected = (rest.detected ?? []).filter(({ param }) => param === 'types');
    return { ...rest, detected, problems: (rest.problems ?? []).filter(({ severity }) => severity !== 'error' || rest.schema === null) };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const csvAsIs = { skip: 0, comment: null, escape: 'none', trailing: 'no', otherDelimiter: '', quote: '"', header: true, encoding: 'utf-8' } as const;

function delimiterOf({ delimiter }: Pick<TopicParams, 'delimiter'>): string {
  return { comma: ',', semicolon: ';', tab: '\t', pipe: '|' }[delimiter];
}

function oneLine(value: Buffer): string {
  const text = value.toString('utf8');
  if (!text.includes('\n')) return text;
  try {
    return JSON.stringify(JSON.parse(text));
  } catch {
    return text.replaceAll('\n', ' ');
  }
}

async function newest(client: KafkaClient, params: TopicParams, signal: AbortSignal): Promise<Buffer[]> {
  const pattern = (source: string, flags: string) => {
    const compiled = new RegExp(source, flags);
    return (text: string) => compiled.exec(text);
  };
  const topics = await topicsOf(client, params, { pattern });
  const isCommitted = params.isolation === 'committed';
  const ends = await offsetsAt(client, topics.values(), latest, isCommitted);
  const starts = await offsetsAt(client, topics.values(), earliest, false);
  const values: Buffer[] = [];
  for (const topic of topics.values()) {
    for (const [partition, { leader }] of topic.partitions.entries()) {
      const available = ends.get(topic.name)?.[partition] ?? 0;
      const start = Math.max(starts.get(topic.name)?.[partition] ?? 0, available - ofPartition);
      const feed = new PartitionFeed(topic.name, partition, { start, end: available, available });
      await fill(client, topic, leader, feed, isCommitted, signal);
      values.push(...feed.take(ofPartition).flatMap(({ value }) => (value && value.length > 0 ? [value] : [])));
      if (values.length >= sampleRows || signal.aborted) return values;
    }
  }
  return values;
}

async function fill(client: KafkaClient, topic: Topic, leader: number, feed: PartitionFeed, isCommitted: boolean, signal: AbortSignal): Promise<void> {
  for (let turn = 0; turn < 10 && !signal.aborted && feed.end !== null && feed.next < feed.end; turn++) {
    const { partition, next } = feed;
    const wish = { partition, currentLeaderEpoch: -1, fetchOffset: BigInt(next), lastFetchedEpoch: -1, partitionMaxBytes: bytes };
    const answer = await client.call(leader, fetchV13.api, pollMs, 1, bytes, isCommitted ? 1 : 0, 0, -1, [{ topicId: topic.id, partitions: [wish] }], [], '');
    for (const { partitions } of answer.responses) for (const found of partitions) feed.add(found, isCommitted);
  }
}

function noMessages({ topic, pattern, topicBy }: TopicParams) {
  return new MillraceError({
    code: 'columns/missing',
    message: `There are no messages in ${topicBy === 'name' ? `"${topic}"` : pattern} yet to tell the columns from.`,
    hint: 'Send some, or name the columns under Column types.',
    field: 'types',
  }).problem;
}
