/** What every sink promises about memory and waiting. */
import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { type Promised, someTurns, within } from './contract.ts';
import { type SinkTrial, waitsForCommit } from './sink-trial.ts';

/** Bytes of text that are written, and how much additional memory may be in use then. */
const [bytes, mostKept] = [6_000_000, 2_500_000];
const answersWithinMs = 50;
const batchRows = 500;
const textBytes = 1000;

export const resources: readonly Promised<SinkTrial>[] = [
  ...(['end', 'checkpoint'] as const).map(
    (commits): Promised<SinkTrial> => ({
      name: `rows that wait for a commit do not wait in memory (commits: ${commits})`,
      // Beside another database it is the same sink.
      applies: (trial) => waitsForCommit(trial) && trial.decides,
      async run(trial) {
        await trial.begin();
        const { run, writer } = await trial.open({ commits });
        const text = (n: number) => Buffer.alloc(textBytes, String(n)).toString('latin1');
        let next = 0;
        const write = async (count: number) => {
          for (let i = 0; i < count; i += batchRows, next += batchRows) await writer.write(trial.rows(next, next + batchRows, text));
        };
        // What is allocated once, and buffers that are in use anyway.
        await write(10 * batchRows);
        let before = Number.POSITIVE_INFINITY;
        for (let i = 0; i < 3; i++) before = Math.min(before, await used());
        await write(bytes / textBytes);
        let kept = Number.POSITIVE_INFINITY;
        // What is on its way to a server leaves when that answers.
        for (let i = 0; i < 5 && kept >= mostKept; i++) {
          if (i > 0) await sleep(answersWithinMs);
          kept = (await used()) - before;
        }
        assert.ok(kept < mostKept, `${kept} bytes more are in memory after ${bytes} bytes of rows`);
        await writer.abort();
        await run.close();
      },
    }),
  ),
  {
    name: 'a token is small, and plain JSON',
    async run(trial) {
      await trial.begin();
      const { run, writer } = await trial.open();
      await trial.write(writer, 0, 2000);
      const token = (await writer.prepare?.(1)) ?? null;
      assert.deepEqual(JSON.parse(JSON.stringify(token)), token);
      assert.ok(JSON.stringify(token).length < 2000, 'A checkpoint holds tokens, not rows');
      await writer.abort();
      await run.close();
    },
  },
  {
    name: 'kept from writing, it holds the run up and loses nothing',
    applies: ({ harness }) => harness.block !== undefined,
    async run(trial) {
      const { run, writer, written, release } = await blocked(trial);
      release();
      await within(trial.patience, 'It goes on when it may write again', written);
      await trial.checkpoint(writer, 2);
      await run.close();
      await trial.expectRows(5, 'at the end');
    },
  },
  {
    name: 'cancelled while it is kept from writing, it ends within a second',
    applies: ({ harness }) => harness.block !== undefined,
    async run(trial) {
      const stop = new AbortController();
      const { run, writer, written, release } = await blocked(trial, stop.signal);
      const ended = written.catch(() => {});
      stop.abort();
      try {
        await within(trial.patience, 'A write that waits ends when the run is cancelled', ended);
      } finally {
        release();
      }
      await writer.abort();
      await run.close();
      await trial.expectRows(2, 'after the abort');
    },
  },
];

/** Two rows are committed, and three more cannot be written. */
async function blocked(trial: SinkTrial, signal?: AbortSignal) {
  await trial.begin();
  const opened = await trial.open(signal ? { signal } : {});
  await trial.write(opened.writer, 0, 2);
  await trial.checkpoint(opened.writer, 1);
  const release = trial.harness.block!(trial.folder);
  let isSettled = false;
  const written = Promise.resolve(opened.writer.write(trial.rows(2, 5))).finally(() => {
    isSettled = true;
  });
  written.catch(() => {});
  await someTurns();
  try {
    assert.equal(isSettled, false, 'A sink that cannot write gives a promise, and takes no further rows before that is settled');
  } catch (error) {
    release();
    throw error;
  }
  return { ...opened, written, release };
}

/** Bytes in use, after unused memory was freed: buffers are freed a turn later than what held them. */
async function used(): Promise<number> {
  setFlagsFromString('--expose-gc');
  (runInNewContext('gc') as () => void)();
  await someTurns();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}
