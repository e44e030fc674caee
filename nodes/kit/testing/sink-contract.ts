/** What every sink promises, as named tests: see `SinkContext` in ../node.ts for the contract. */
import assert from 'node:assert/strict';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { SinkDefinition } from '../node.ts';
import { type ContractTest, type Promised, type SuiteOptions, someTurns, testsOf, within } from './contract.ts';
import { type CrashPoint, crashPoints, type Interval } from './sink-run.ts';
import { type SinkHarness, SinkTrial } from './sink-trial.ts';

/** The tests of one sink in one setting. A sink whose writers have a transaction is also put through them where another one decides. */
export function sinkTests(definition: SinkDefinition<any>, harness: SinkHarness, options: SuiteOptions = {}): ContractTest[] {
  const tests = testsOf(promises, (folder) => new SinkTrial(folder, definition, harness, options));
  if (!definition.committedCheckpoint) return tests;
  const beside = testsOf(promises, (folder) => new SinkTrial(folder, definition, harness, { ...options, decides: false }));
  return [...tests, ...beside.map(({ name, run }) => ({ name: `beside another database: ${name}`, run }))];
}

const atEnd = { commits: 'end' } as const;
const waitsForCommit = ({ harness }: SinkTrial) => harness.early !== 'always';

/** With `commits: 'end'`: all or nothing. */
const boundedRuns: readonly Promised<SinkTrial>[] = [
  {
    name: 'a run that ends shows its rows with its commit, and none before',
    async run(trial) {
      trial.begin();
      const { run, writer } = await trial.open(atEnd);
      for (const [from, to] of [
        [0, 3],
        [3, 4],
        [4, 9],
      ] as const)
        await trial.write(writer, from, to);
      if (waitsForCommit(trial)) trial.expectAsBefore('before the commit');
      await writer.commit();
      writer.output();
      await run.close();
      trial.expectRows(9, 'after the commit');
    },
  },
  {
    name: 'a run that ends without rows commits too',
    async run(trial) {
      trial.begin();
      const { run, writer } = await trial.open(atEnd);
      await writer.commit();
      await run.close();
      trial.expectRows(0, 'after a run without rows');
    },
  },
  {
    name: 'abort leaves the output as it was',
    applies: waitsForCommit,
    async run(trial) {
      trial.begin();
      const { run, writer } = await trial.open(atEnd);
      await trial.write(writer, 0, 5);
      await writer.abort();
      await run.close();
      trial.expectAsBefore('after the abort');
      trial.expectNothingBeside('after the abort');
    },
  },
  {
    name: 'abort undoes what was prepared for the end',
    applies: waitsForCommit,
    async run(trial) {
      trial.begin();
      const { run, writer } = await trial.open(atEnd);
      await trial.write(writer, 0, 5);
      await writer.prepare?.(1);
      await writer.abort();
      await run.close();
      trial.expectAsBefore('after the abort');
      trial.expectNothingBeside('after the abort');
    },
  },
  {
    name: 'a run that ends and is ended by force leaves the output as it was',
    applies: waitsForCommit,
    async run(trial) {
      trial.begin();
      const { run, writer } = await trial.open(atEnd);
      await trial.write(writer, 0, 5);
      run.endByForce();
      trial.expectAsBefore('after the end by force');
      trial.expectNothingBeside('after what the writer asked to undo');
    },
  },
  {
    name: 'killed before its end, a run leaves the output as it was, and the next one nothing of it',
    applies: waitsForCommit,
    async run(trial) {
      trial.begin();
      const killed = await trial.open(atEnd);
      await trial.write(killed.writer, 0, 5);
      killed.run.kill();
      trial.expectAsBefore('after the kill');
      const { run, writer } = await trial.open(atEnd);
      await trial.write(writer, 0, 7);
      await writer.commit();
      await run.close();
      trial.expectRows(7, 'after the next run');
    },
  },
  {
    name: 'an end that was prepared and decided is committed by the next start, once',
    applies: ({ harness }) => harness.delivers === undefined,
    async run(trial) {
      trial.begin();
      const killed = await trial.open(atEnd);
      await trial.write(killed.writer, 0, 5);
      const token = (await killed.writer.prepare?.(1)) ?? null;
      if (!trial.followsStored) await killed.writer.commit(1);
      killed.run.kill();
      for (let start = 1; start <= 2; start++) {
        const { run } = await trial.open(atEnd, { checkpoint: 1, token });
        await run.close();
        trial.expectRows(5, `after start ${start}`);
      }
    },
  },
  {
    name: 'a second run replaces the rows of the first one, adds to them, or is refused',
    applies: waitsForCommit,
    async run(trial) {
      trial.begin();
      for (const [lineage, from, to] of [
        ['first', 0, 3],
        ['second', 3, 6],
      ] as const) {
        const opened = trial.open({ ...atEnd, lineage });
        if (trial.harness.earlier === 'are refused' && (from > 0 || trial.harness.before)) {
          await assert.rejects(opened, ({ problem }) => typeof problem?.code === 'string', 'It refuses with a problem');
          await trial.dispose();
          trial.expectRows(from, 'after a run that was refused');
          break;
        }
        const { run, writer } = await opened;
        await trial.write(writer, from, to);
        await writer.commit();
        await run.close();
        if (from === 0) trial.expectRows(3, 'after the first run');
        else if (trial.harness.earlier === 'stay') trial.expectRows(6, 'after the second run');
        else trial.expectShown([3, 4, 5], 'after the second run');
      }
    },
  },
];

/** With `commits: 'checkpoint'`: rows follow a commit. */
const streams: readonly Promised<SinkTrial>[] = [
  {
    name: 'prepare shows nothing, commit what was prepared, and rows that follow wait for the next one',
    async run(trial) {
      trial.begin();
      const { run, writer } = await trial.open();
      await trial.write(writer, 0, 3);
      await writer.prepare?.(1);
      if (!trial.harness.early) trial.expectAsBefore('after prepare');
      await trial.write(writer, 3, 5);
      if (!trial.harness.early) trial.expectAsBefore('after rows that follow prepare');
      await writer.commit(1);
      trial.expectRowsSoFar(3, 'after the commit');
      await trial.checkpoint(writer, 2);
      trial.expectRowsSoFar(5, 'after the second commit');
      await run.close();
      trial.expectRows(5, 'at the end');
    },
  },
  {
    name: 'checkpoints without rows change nothing',
    async run(trial) {
      trial.begin();
      const { run, writer } = await trial.open();
      await trial.checkpoint(writer, 1);
      await trial.checkpoint(writer, 2);
      await trial.write(writer, 0, 2);
      await trial.checkpoint(writer, 3);
      await trial.checkpoint(writer, 4);
      await run.close();
      trial.expectRows(2, 'at the end');
    },
  },
  {
    name: 'abort goes back to the last commit',
    applies: waitsForCommit,
    async run(trial) {
      trial.begin();
      const { run, writer } = await trial.open();
      await trial.write(writer, 0, 3);
      await trial.checkpoint(writer, 1);
      await trial.write(writer, 3, 8);
      await writer.abort();
      await run.close();
      trial.expectRows(3, 'after the abort');
    },
  },
  {
    name: 'abort undoes what was prepared',
    applies: waitsForCommit,
    async run(trial) {
      trial.begin();
      const { run, writer } = await trial.open();
      await trial.write(writer, 0, 3);
      await trial.checkpoint(writer, 1);
      await trial.write(writer, 3, 8);
      await writer.prepare?.(2);
      await trial.write(writer, 8, 9);
      await writer.abort();
      await run.close();
      trial.expectRows(3, 'after the abort');
    },
  },
  {
    name: 'ended by force, it is as at the last commit',
    applies: waitsForCommit,
    async run(trial) {
      trial.begin();
      const { run, writer } = await trial.open();
      await trial.write(writer, 0, 3);
      await trial.checkpoint(writer, 1);
      await trial.write(writer, 3, 8);
      run.endByForce();
      trial.expectShown(trial.harness.before && trial.harness.earlier === 'stay' ? [-1, 0, 1, 2] : [0, 1, 2], 'after the end by force');
    },
  },
  ...crashPoints.map(killedAt),
  {
    name: 'killed again and again while it starts, it goes on from the same rows',
    async run(trial) {
      trial.begin();
      const first = await trial.open();
      await trial.write(first.writer, 0, 4);
      const token = (await first.writer.prepare?.(1)) ?? null;
      if (!trial.followsStored) await first.writer.commit(1);
      first.run.kill();
      for (let i = 0; i < 3; i++) {
        const { run, writer } = await trial.open({}, { checkpoint: 1, token });
        if (i > 0) await trial.write(writer, 4, 6);
        run.kill();
      }
      const { run, writer } = await trial.open({}, { checkpoint: 1, token });
      await trial.write(writer, 4, 7);
      await trial.checkpoint(writer, 2);
      await run.close();
      trial.expectRows(7, 'at the end');
    },
  },
  {
    name: 'closed after a checkpoint was decided and before its commit, the next start commits it',
    applies: (trial) => trial.followsStored,
    async run(trial) {
      trial.begin();
      const first = await trial.open();
      await trial.write(first.writer, 0, 4);
      const token = (await first.writer.prepare?.(1)) ?? null;
      await first.run.close();
      const { run, writer } = await trial.open({}, { checkpoint: 1, token });
      await trial.write(writer, 4, 6);
      await trial.checkpoint(writer, 2);
      await run.close();
      trial.expectRows(6, 'at the end');
    },
  },
];

function killedAt(crash: CrashPoint): Promised<SinkTrial> {
  const where = {
    writing: 'with rows written',
    prepared: 'with rows prepared',
    stored: 'with the checkpoint decided',
    half: 'in the middle of a commit',
    committed: 'after a commit',
  };
  const killed = (...batches: readonly number[]): Interval => ({ batches, crash, committed: 0 });
  const calm = (...batches: readonly number[]): Interval => ({ batches, crash: null });
  return {
    name: `killed ${where[crash]}, it keeps each row`,
    applies: ({ harness }) => crash !== 'half' || harness.half !== undefined,
    async run(trial) {
      trial.begin();
      await trial.throughCrashes(20, [killed(2, 1), calm(4), killed(1, 2), killed(), killed(3), calm()]);
      trial.expectRows(20, 'at the end');
    },
  };
}

/** Bytes of text that are written, and how much more than before may then be in memory. */
const [bytes, mostKept] = [6_000_000, 2_500_000];
const batchRows = 500;
const textBytes = 1000;

const resources: readonly Promised<SinkTrial>[] = [
  ...(['end', 'checkpoint'] as const).map(
    (commits): Promised<SinkTrial> => ({
      name: `rows that wait for a commit do not wait in memory (commits: ${commits})`,
      // Beside another database it is the same sink.
      applies: (trial) => waitsForCommit(trial) && trial.decides,
      async run(trial) {
        trial.begin();
        const { run, writer } = await trial.open({ commits });
        const text = (n: number) => Buffer.alloc(textBytes, String(n)).toString('latin1');
        let next = 0;
        const write = async (count: number) => {
          for (let i = 0; i < count; i += batchRows, next += batchRows) await writer.write(trial.rows(next, next + batchRows, text));
        };
        // What is made at first, and buffers that are in use anyway.
        await write(4 * batchRows);
        const before = await used();
        await write(bytes / textBytes);
        let kept = Number.POSITIVE_INFINITY;
        for (let i = 0; i < 5 && kept >= mostKept; i++) kept = (await used()) - before;
        assert.ok(kept < mostKept, `${kept} bytes more are in memory after ${bytes} bytes of rows`);
        await writer.abort();
        await run.close();
      },
    }),
  ),
  {
    name: 'a token is small, and plain JSON',
    async run(trial) {
      trial.begin();
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
      trial.expectRows(5, 'at the end');
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
      trial.expectRows(2, 'after the abort');
    },
  },
];

/** Two rows are committed, and three more cannot be written. */
async function blocked(trial: SinkTrial, signal?: AbortSignal) {
  trial.begin();
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

/** Bytes that are in use, once what nobody needs is gone: buffers go a turn later than what held them. */
async function used(): Promise<number> {
  setFlagsFromString('--expose-gc');
  (runInNewContext('gc') as () => void)();
  await someTurns();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

const promises: readonly Promised<SinkTrial>[] = [...boundedRuns, ...streams, ...resources];
