/** What every source promises about when it reads, and about its progress. */
import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Promised, within } from './contract.ts';
import { all, count } from './source-positions.ts';
import type { SourceTrial } from './source-trial.ts';

export const demand: readonly Promised<SourceTrial>[] = [
  {
    name: 'rows that come while it waits wake it',
    applies: ({ waits }) => waits,
    async run(trial) {
      await trial.begin(1);
      const reading = await trial.open();
      await trial.read(reading);
      for (let next = 1; next < 4; next++) {
        const { read } = await trial.waiting(reading);
        await trial.harness.add!(trial.folder, next, next + 1);
        const batch = await within(trial.patience, 'A batch of the row that came', read);
        assert.deepEqual(batch?.rows.map(trial.harness.numberOf), [next]);
      }
    },
  },
  {
    name: 'rows that come while nobody reads wait for their turn',
    applies: ({ waits }) => waits,
    async run(trial) {
      await trial.begin(1);
      const reading = await trial.open({ batchSize: 2 });
      await trial.read(reading);
      const position = trial.position(reading);
      for (let next = 1; next < count; next++) await trial.harness.add!(trial.folder, next, next + 1);
      // Time for a source that reads without being asked.
      await sleep(20);
      assert.deepEqual(trial.position(reading), position, 'Nothing is read ahead of a read');
      await trial.readAll(reading, count);
      assert.deepEqual(reading.numbers, all);
    },
  },
  {
    name: 'its progress never falls, and is whole at the end',
    async run(trial) {
      await trial.begin(count);
      const reading = await trial.open({ batchSize: 5 });
      let last = 0;
      do {
        const { done, total } = reading.reader.progress?.() ?? { done: 0, total: null };
        assert.ok(done >= last && (total === null || done <= total), `${done} of ${total} after ${last}`);
        last = done;
      } while ((!trial.waits || reading.numbers.length < count) && (await trial.read(reading)));
      const { done, total } = reading.reader.progress?.() ?? { done: 0, total: null };
      if (total !== null) assert.equal(done, total);
    },
  },
];
