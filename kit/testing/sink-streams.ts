/** What every sink promises for runs without end. */
import type { Promised } from './contract.ts';
import { type CrashPoint, crashPoints, type Interval } from './sink-run.ts';
import { type SinkTrial, waitsForCommit } from './sink-trial.ts';

/** With `commits: 'checkpoint'`: rows follow a commit. */
export const streams: readonly Promised<SinkTrial>[] = [
  {
    name: 'prepare shows nothing, commit what was prepared, and rows that follow wait for the next one',
    async run(trial) {
      await trial.begin();
      const { run, writer } = await trial.open();
      await trial.write(writer, 0, 3);
      await writer.prepare?.(1);
      if (!trial.harness.early) await trial.expectAsBefore('after prepare');
      await trial.write(writer, 3, 5);
      if (!trial.harness.early) await trial.expectAsBefore('after rows that follow prepare');
      await writer.commit(1);
      await trial.expectRowsSoFar(3, 'after the commit');
      await trial.checkpoint(writer, 2);
      await trial.expectRowsSoFar(5, 'after the second commit');
      await run.close();
      await trial.expectRows(5, 'at the end');
    },
  },
  {
    name: 'checkpoints without rows change nothing',
    async run(trial) {
      await trial.begin();
      const { run, writer } = await trial.open();
      await trial.checkpoint(writer, 1);
      await trial.checkpoint(writer, 2);
      await trial.write(writer, 0, 2);
      await trial.checkpoint(writer, 3);
      await trial.checkpoint(writer, 4);
      await run.close();
      await trial.expectRows(2, 'at the end');
    },
  },
  {
    name: 'abort goes back to the last commit',
    applies: waitsForCommit,
    async run(trial) {
      await trial.begin();
      const { run, writer } = await trial.open();
      await trial.write(writer, 0, 3);
      await trial.checkpoint(writer, 1);
      await trial.write(writer, 3, 8);
      await writer.abort();
      await run.close();
      await trial.expectRows(3, 'after the abort');
    },
  },
  {
    name: 'abort undoes what was prepared',
    applies: waitsForCommit,
    async run(trial) {
      await trial.begin();
      const { run, writer } = await trial.open();
      await trial.write(writer, 0, 3);
      await trial.checkpoint(writer, 1);
      await trial.write(writer, 3, 8);
      await writer.prepare?.(2);
      await trial.write(writer, 8, 9);
      await writer.abort();
      await run.close();
      await trial.expectRows(3, 'after the abort');
    },
  },
  {
    name: 'ended by force, it is as at the last commit',
    applies: waitsForCommit,
    async run(trial) {
      await trial.begin();
      const { run, writer } = await trial.open();
      await trial.write(writer, 0, 3);
      await trial.checkpoint(writer, 1);
      await trial.write(writer, 3, 8);
      run.endByForce();
      await trial.expectShown(trial.harness.before && trial.harness.earlier === 'stay' ? [-1, 0, 1, 2] : [0, 1, 2], 'after the end by force');
    },
  },
  ...crashPoints.map(killedAt),
  {
    name: 'killed again and again while it starts, it goes on from the same rows',
    async run(trial) {
      await trial.begin();
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
      await trial.expectRows(7, 'at the end');
    },
  },
  {
    name: 'closed after a checkpoint was decided and before its commit, the next start commits it',
    applies: (trial) => trial.followsStored,
    async run(trial) {
      await trial.begin();
      const first = await trial.open();
      await trial.write(first.writer, 0, 4);
      const token = (await first.writer.prepare?.(1)) ?? null;
      await first.run.close();
      const { run, writer } = await trial.open({}, { checkpoint: 1, token });
      await trial.write(writer, 4, 6);
      await trial.checkpoint(writer, 2);
      await run.close();
      await trial.expectRows(6, 'at the end');
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
      await trial.begin();
      await trial.throughCrashes(20, [killed(2, 1), calm(4), killed(1, 2), killed(), killed(3), calm()]);
      await trial.expectRows(20, 'at the end');
    },
  };
}
