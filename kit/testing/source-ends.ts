/** What every source promises about its end: cancelled, closed, or in a preview. */
import assert from 'node:assert/strict';
import { existsSync, readdirSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Promised, within } from './contract.ts';
import { all, count } from './source-positions.ts';
import type { SourceTrial } from './source-trial.ts';

export const ends: readonly Promised<SourceTrial>[] = [
  ...(['cancelled', 'closed'] as const).flatMap((how): Promised<SourceTrial>[] => [
    {
      name: `${how} while it waits for rows, it ends within a second`,
      applies: ({ waits }) => waits,
      run: (trial) => endsWaiting(trial, how, {}),
    },
    {
      name: `${how} while it waits for its next reading, it ends within a second`,
      applies: ({ definition }) => 'repeat' in definition.params,
      run: (trial) => endsWaiting(trial, how, { repeat: 3_600_000 }),
    },
    {
      name: `${how} between two reads, it ends within a second`,
      async run(trial) {
        await trial.begin(count);
        const reading = await trial.open({ batchSize: 1 });
        await trial.read(reading);
        if (how === 'cancelled') {
          reading.stop.abort();
          // Its result is ignored.
          await within(
            trial.patience,
            'A read after the run was cancelled',
            Promise.resolve(reading.reader.read()).catch(() => {}),
          );
        }
        await trial.close(reading);
      },
    },
  ]),
  {
    name: 'cancelled while it is opened, it ends within a second, and gives back what it had opened',
    async run(trial) {
      await trial.begin(count);
      const before = descriptors();
      const stop = new AbortController();
      const opened = trial.open({ batchSize: 1, signal: stop.signal });
      stop.abort();
      // An error may report the interruption.
      const failed = opened.catch(() => null);
      const reading = await within(trial.patience, 'It opens, or fails', failed);
      if (reading) {
        const read = Promise.resolve(reading.reader.read()).catch(() => {});
        await within(trial.patience, 'A read of a run that was cancelled', read);
        await trial.close(reading);
      }
      await expectClosed(trial, before);
    },
  },
  {
    name: 'a preview sees rows that are there, and ends by itself',
    async run(trial) {
      await trial.begin(count);
      const reading = await trial.open({ sample: true });
      while (await trial.read(reading)) assert.ok(reading.numbers.length <= count);
      assert.deepEqual(reading.numbers, all);
    },
  },
  {
    name: 'closed, it has given back what it had opened',
    async run(trial) {
      await trial.begin(count);
      const before = descriptors();
      for (let i = 0; i < 3; i++) {
        const reading = await trial.open({ batchSize: 5 });
        await trial.read(reading);
        await trial.close(reading);
      }
      await expectClosed(trial, before);
    },
  },
];

const openFiles = '/proc/self/fd';

/** How many files and sockets are open; 0 if the system does not say. */
function descriptors(): number {
  return existsSync(openFiles) ? readdirSync(openFiles).length : 0;
}

/** What the system's own threads close takes a moment. */
async function expectClosed(trial: SourceTrial, before: number): Promise<void> {
  const deadline = performance.now() + trial.patience;
  while (descriptors() > before && performance.now() < deadline) await sleep(10);
  assert.ok(descriptors() <= before, `${descriptors()} files and sockets are open, ${before} were before`);
}

async function endsWaiting(trial: SourceTrial, how: 'cancelled' | 'closed', more: { readonly [param: string]: unknown }): Promise<void> {
  await trial.begin(1);
  const reading = await trial.open({}, more);
  await trial.read(reading);
  const { read, isSettled } = await trial.waiting(reading);
  assert.equal(isSettled(), false, 'It waits');
  const ended = read.catch(() => {});
  if (how === 'cancelled') reading.stop.abort();
  const closed = how === 'closed' ? trial.close(reading) : undefined;
  await within(trial.patience, `A read that waits ends when the source is ${how}`, ended);
  await (closed ?? trial.close(reading));
}
