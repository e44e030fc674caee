/** What every sink promises for runs that end. */
import assert from 'node:assert/strict';
import { completeParams, type Params } from '../params.ts';
import type { Promised } from './contract.ts';
import { atEnd, type SinkTrial, waitsForCommit } from './sink-trial.ts';

function takesParts({ definition, harness }: SinkTrial): boolean {
  return definition.takesParts?.(completeParams(definition.params, harness.params as Params)) === true;
}

/** With `commits: 'end'`: all or nothing. */
export const boundedRuns: readonly Promised<SinkTrial>[] = [
  {
    name: 'a run that ends shows its rows with its commit, and none before',
    async run(trial) {
      await trial.begin();
      const { run, writer } = await trial.open(atEnd);
      for (const [from, to] of [
        [0, 3],
        [3, 4],
        [4, 9],
      ] as const)
        await trial.write(writer, from, to);
      if (waitsForCommit(trial)) await trial.expectAsBefore('before the commit');
      await writer.commit();
      writer.output();
      await run.close();
      await trial.expectRows(9, 'after the commit');
    },
  },
  {
    name: 'a run that ends without rows commits too',
    async run(trial) {
      await trial.begin();
      const { run, writer } = await trial.open(atEnd);
      await writer.commit();
      await run.close();
      await trial.expectRows(0, 'after a run without rows');
    },
  },
  {
    name: 'abort leaves the output as it was',
    applies: waitsForCommit,
    async run(trial) {
      await trial.begin();
      const { run, writer } = await trial.open(atEnd);
      await trial.write(writer, 0, 5);
      await writer.abort();
      await run.close();
      await trial.expectAsBefore('after the abort');
      trial.expectNothingBeside('after the abort');
    },
  },
  {
    name: 'abort undoes what was prepared for the end',
    applies: waitsForCommit,
    async run(trial) {
      await trial.begin();
      const { run, writer } = await trial.open(atEnd);
      await trial.write(writer, 0, 5);
      await writer.prepare?.(1);
      await writer.abort();
      await run.close();
      await trial.expectAsBefore('after the abort');
      trial.expectNothingBeside('after the abort');
    },
  },
  {
    name: 'a run that ends and is ended by force leaves the output as it was',
    applies: waitsForCommit,
    async run(trial) {
      await trial.begin();
      const { run, writer } = await trial.open(atEnd);
      await trial.write(writer, 0, 5);
      run.endByForce();
      await trial.expectAsBefore('after the end by force');
      trial.expectNothingBeside('after what the writer asked to undo');
    },
  },
  {
    name: 'killed before its end, a run leaves the output as it was, and the next one nothing of it',
    applies: waitsForCommit,
    async run(trial) {
      await trial.begin();
      const killed = await trial.open(atEnd);
      await trial.write(killed.writer, 0, 5);
      killed.run.kill();
      await trial.expectAsBefore('after the kill');
      const { run, writer } = await trial.open(atEnd);
      await trial.write(writer, 0, 7);
      await writer.commit();
      await run.close();
      await trial.expectRows(7, 'after the next run');
    },
  },
  {
    name: 'rows of parts come behind those of the writer, part by part, with its commit',
    applies: takesParts,
    async run(trial) {
      await trial.begin();
      const { run, writer } = await trial.open(atEnd);
      const parts = await trial.openParts(run, writer, 2);
      if (!parts) return trial.dispose();
      await writer.write(trial.rows(0, 3));
      // The last one is done first.
      for (const [i, from] of [
        [1, 5],
        [0, 3],
      ] as const)
        await parts[i]!.write(trial.rows(from, from + 2 + i));
      const finished = [await parts[0]!.finish(), await parts[1]!.finish()];
      for (const part of parts) await part.close();
      await trial.expectAsBefore('before the parts are joined');
      for (const each of finished) await writer.join!(JSON.parse(JSON.stringify(each)));
      await trial.expectAsBefore('before the commit');
      await writer.prepare?.(1);
      await writer.commit(1);
      await run.close();
      await trial.expectRows(8, 'after the commit');
    },
  },
  ...(['open', 'finished', 'joined', 'prepared'] as const).flatMap((moment) =>
    (['killed', 'ended by force', 'aborted'] as const).map(
      (end): Promised<SinkTrial> => ({
        name: `${end} with a part that is ${moment}, a run leaves the output as it was, and the next one nothing of it`,
        applies: takesParts,
        async run(trial) {
          await trial.begin();
          const { run, writer } = await trial.open(atEnd);
          const [part] = (await trial.openParts(run, writer, 1)) ?? [];
          if (!part) return trial.dispose();
          await trial.write(writer, 0, 3);
          await part.write(trial.rows(3, 5));
          if (moment !== 'open') {
            const finished = await part.finish();
            if (moment !== 'finished') await writer.join!(finished);
            if (moment === 'prepared') await writer.prepare?.(1);
          }
          if (end === 'killed') run.kill();
          else {
            await part.close();
            if (end === 'aborted') {
              await writer.abort();
              await run.close();
            } else run.endByForce();
            // A run may resume from what was prepared.
            if (end === 'aborted' || moment !== 'prepared') trial.expectNothingBeside('after what was to be undone');
          }
          await trial.expectAsBefore('after the end');
          const next = await trial.open(atEnd);
          await trial.write(next.writer, 0, 7);
          await next.writer.commit();
          await next.run.close();
          await trial.expectRows(7, 'after the next run');
        },
      }),
    ),
  ),
  {
    name: 'an end that was prepared and decided is committed by the next start, once',
    applies: ({ harness }) => harness.delivers === undefined,
    async run(trial) {
      await trial.begin();
      const killed = await trial.open(atEnd);
      await trial.write(killed.writer, 0, 5);
      const token = (await killed.writer.prepare?.(1)) ?? null;
      if (!trial.followsStored) await killed.writer.commit(1);
      killed.run.kill();
      for (let start = 1; start <= 2; start++) {
        const { run } = await trial.open(atEnd, { checkpoint: 1, token });
        await run.close();
        await trial.expectRows(5, `after start ${start}`);
      }
    },
  },
  {
    name: 'a second run replaces the rows of the first one, adds to them, or is refused',
    applies: waitsForCommit,
    async run(trial) {
      await trial.begin();
      for (const [lineage, from, to] of [
        ['first', 0, 3],
        ['second', 3, 6],
      ] as const) {
        const opened = trial.open({ ...atEnd, lineage });
        if (trial.harness.earlier === 'are refused' && (from > 0 || trial.harness.before)) {
          await assert.rejects(opened, ({ problem }) => typeof problem?.code === 'string', 'It refuses with a problem');
          await trial.dispose();
          await trial.expectRows(from, 'after a run that was refused');
          break;
        }
        const { run, writer } = await opened;
        await trial.write(writer, from, to);
        await writer.commit();
        await run.close();
        if (from === 0) await trial.expectRows(3, 'after the first run');
        else if (trial.harness.earlier === 'stay') await trial.expectRows(6, 'after the second run');
        else await trial.expectShown([3, 4, 5], 'after the second run');
      }
    },
  },
];
