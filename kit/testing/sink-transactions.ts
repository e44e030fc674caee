/** What sinks promise whose rows become visible in a transaction. */
import assert from 'node:assert/strict';
import type { Writer } from '../node.ts';
import { type Promised, someTurns, within } from './contract.ts';
import { atEnd, type SinkTrial } from './sink-trial.ts';

export const transactions: readonly Promised<SinkTrial>[] = [
  {
    name: 'kept from committing, it waits, and commits then',
    applies: ({ harness }) => harness.blockCommit !== undefined,
    async run(trial) {
      await trial.begin();
      const { run, writer } = await trial.open(atEnd);
      await trial.write(writer, 0, 3);
      const { settled, isSettled, release } = await blockedCommit(trial, writer);
      assert.equal(isSettled(), false, 'A commit that cannot be done yet gives a promise');
      release();
      await within(trial.patience, 'It commits when it may', settled);
      await run.close();
      await trial.expectRows(3, 'after the commit');
    },
  },
  {
    name: 'cancelled while it is kept from committing, it ends within a second and leaves the output as it was',
    applies: ({ harness }) => harness.blockCommit !== undefined,
    async run(trial) {
      await trial.begin();
      const stop = new AbortController();
      const { run, writer } = await trial.open({ ...atEnd, signal: stop.signal });
      await trial.write(writer, 0, 3);
      const { settled, release } = await blockedCommit(trial, writer);
      const failed = assert.rejects(settled, 'A commit that was given up fails');
      stop.abort();
      try {
        await within(trial.patience, 'A commit that waits ends when the run is cancelled', failed);
      } finally {
        release();
      }
      await writer.abort();
      await run.close();
      await trial.expectAsBefore('after the abort');
    },
  },
  {
    name: 'its database tells which checkpoint was committed last, to this lineage alone, and forgets it when it is told to',
    applies: ({ definition, decides, harness }) => decides && definition.committedCheckpoint !== undefined && harness.delivers === undefined,
    async run(trial) {
      await trial.begin();
      assert.equal(await trial.committed(), null);
      const { run, writer } = await trial.open();
      await trial.write(writer, 0, 2);
      await writer.prepare!(4);
      await writer.commit(4);
      assert.equal(await trial.committed(), 4);
      await trial.write(writer, 2, 3);
      await writer.prepare!(5);
      await writer.commit(5);
      assert.deepEqual([await trial.committed(), await trial.committed('another')], [5, null]);
      writer.transaction!.forget!();
      await run.close();
      assert.equal(await trial.committed(), null);
      await trial.expectRows(3, 'at the end');
    },
  },
];

async function blockedCommit(trial: SinkTrial, writer: Writer) {
  const release = trial.harness.blockCommit!(trial.folder);
  let isSettled = false;
  const settled = Promise.resolve(writer.commit()).finally(() => {
    isSettled = true;
  });
  settled.catch(() => {});
  await someTurns();
  return { settled, isSettled: () => isSettled, release };
}
