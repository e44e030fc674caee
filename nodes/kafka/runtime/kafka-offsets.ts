/** Offsets of topics: where they begin and end, where a time is, and what a group has committed. */
import { listOffsetsV7, offsetCommitV8, offsetFetchV8 } from '@platformatic/kafka';
import type { KafkaClient, Topic } from './kafka-client.ts';

/** By topic and partition. */
export type Offsets = ReadonlyMap<string, readonly number[]>;

export const earliest = -2;
export const latest = -1;
const noEpoch = -1;

/**
 * The first offsets at or behind a time (milliseconds since 1970), or `earliest` or `latest`; -1 where nothing is there. `isCommitted`: the
 * latest is where the first transaction begins that is still open.
 */
export async function offsetsAt(client: KafkaClient, topics: Iterable<Topic>, time: number, isCommitted: boolean): Promise<Offsets> {
  const byLeader = new Map<number, Map<string, number[]>>();
  const found = new Map<string, number[]>();
  for (const { name, partitions } of topics) {
    found.set(name, new Array<number>(partitions.length).fill(-1));
    partitions.forEach(({ leader }, partition) => {
      const ofLeader = byLeader.get(leader) ?? new Map<string, number[]>();
      byLeader.set(leader, ofLeader.set(name, [...(ofLeader.get(name) ?? []), partition]));
    });
  }
  for (const [leader, asked] of byLeader) {
    const request = [...asked].map(([name, partitions]) => ({
      name,
      partitions: partitions.map((partitionIndex) => ({ partitionIndex, currentLeaderEpoch: noEpoch, timestamp: BigInt(time) })),
    }));
    const answer = await client.call(leader, listOffsetsV7.api, -1, isCommitted ? 1 : 0, request);
    for (const { name, partitions } of answer.topics) {
      for (const { partitionIndex, offset } of partitions) {
        const list = found.get(name);
        if (list) list[partitionIndex] = Number(offset);
      }
    }
  }
  return found;
}

/** What a group has committed for topics; -1 where it has nothing. Waits for transactions that are about to commit some. */
export async function committedOffsets(client: KafkaClient, group: string, topics: Iterable<Pick<Topic, 'name' | 'partitions'>>): Promise<Offsets> {
  const asked = [...topics].map(({ name, partitions }) => ({ name, partitionIndexes: partitions.map((_, i) => i) }));
  const coordinator = await client.coordinator('group', group);
  const answer = await client.call(coordinator, offsetFetchV8.api, [{ groupId: group, memberEpoch: -1, topics: asked }], true);
  const found = new Map(asked.map(({ name, partitionIndexes }) => [name, partitionIndexes.map(() => -1)]));
  for (const { name, partitions } of answer.groups[0]?.topics ?? []) {
    for (const { partitionIndex, committedOffset } of partitions) {
      const list = found.get(name);
      if (list) list[partitionIndex] = Number(committedOffset);
    }
  }
  return found;
}

/** Commits offsets for a group that nobody has joined, for whoever watches its lag. */
export async function commitOffsets(client: KafkaClient, group: string, offsets: Offsets): Promise<void> {
  const topics = [...offsets].map(([name, list]) => ({
    name,
    partitions: list.flatMap((offset, partitionIndex) =>
      offset < 0 ? [] : [{ partitionIndex, committedOffset: BigInt(offset), committedLeaderEpoch: noEpoch, committedMetadata: '' }],
    ),
  }));
  await client.call(await client.coordinator('group', group), offsetCommitV8.api, group, -1, '', null, topics);
}
