/** What every source promises about its rows and positions. */
import assert from 'node:assert/strict';
import type { Json } from '../../model/values/types.ts';
import type { Promised } from './contract.ts';
import { numbers, type SourceTrial } from './source-trial.ts';

/** Rows of an input. */
export const count = 12;
export const all = numbers(0, count);

export const positions: readonly Promised<SourceTrial>[] = [
  ...[1, 5, 1000].map(
    (batchSize): Promised<SourceTrial> => ({
      name: `gives each row once, in order, in batches of at most ${batchSize}`,
      async run(trial) {
        await trial.begin(count);
        const reading = await trial.open({ batchSize });
        while (reading.numbers.length < count || !trial.waits) {
          const batch = await trial.read(reading);
          if (!batch) break;
          assert.ok(batch.rows.length <= batchSize, `A batch of ${batch.rows.length} rows, where ${batchSize} suit the engine`);
        }
        assert.deepEqual(reading.numbers, all);
      },
    }),
  ),
  {
    name: 'goes on from each position with the rows that had not come, and their places',
    run: (trial) => resumesFromEach(trial, {}),
  },
  {
    name: 'goes on from each position with the time of arrival as its event time',
    applies: ({ definition }) => 'eventTime' in definition.params,
    run: (trial) => resumesFromEach(trial, { eventTime: 'arrival' }),
  },
  {
    name: 'goes on from each position within one of many readings',
    applies: ({ definition }) => 'repeat' in definition.params,
    run: (trial) => resumesFromEach(trial, { repeat: 3_600_000 }),
  },
  {
    name: 'killed after each row, it gives each row once',
    async run(trial) {
      await trial.begin(count);
      const found: number[] = [];
      let start: Json = null;
      while (found.length < count) {
        const reading = await trial.open({ batchSize: 1, start });
        assert.ok(await trial.read(reading), `There is a row after ${found.length} rows`);
        found.push(...reading.numbers);
        start = trial.position(reading);
      }
      assert.deepEqual(found, all);
    },
  },
  {
    name: 'killed before its first row, it begins anew',
    async run(trial) {
      await trial.begin(count);
      const start = trial.position(await trial.open());
      const reading = await trial.open({ start });
      await trial.readAll(reading, count);
      assert.deepEqual(reading.numbers, all);
    },
  },
  {
    name: 'a position is plain JSON, and asking for it changes nothing',
    async run(trial) {
      await trial.begin(count);
      const reading = await trial.open({ batchSize: 5 });
      do {
        const position = reading.reader.position();
        assert.deepEqual(JSON.parse(JSON.stringify(position)), position);
        assert.deepEqual(reading.reader.position(), position);
      } while ((!trial.waits || reading.numbers.length < count) && (await trial.read(reading)));
      assert.deepEqual(reading.numbers, all);
    },
  },
  {
    name: 'opened anew, it gives the same rows',
    applies: ({ definition }) => !definition.readsOnce,
    async run(trial) {
      await trial.begin(count);
      for (let i = 0; i < 2; i++) {
        const reading = await trial.open();
        await trial.readAll(reading, count);
        await trial.close(reading);
        assert.deepEqual(reading.numbers, all);
      }
    },
  },
  {
    name: 'what a checkpoint holds may be forgotten, and nothing behind it',
    async run(trial) {
      await trial.begin(count);
      const reading = await trial.open({ batchSize: 4 });
      for (let id = 1; reading.numbers.length < 8 && (await trial.read(reading)); id++) {
        await reading.reader.committed?.(trial.position(reading), { lineage: 'trial', id });
      }
      const [start, had] = [trial.position(reading), reading.numbers.length];
      await trial.read(reading);
      const next = await trial.open({ start });
      await trial.readAll(next, count - had);
      assert.deepEqual(next.numbers, all.slice(had));
    },
  },
];

/** `more`: params that are set over those of the harness. */
async function resumesFromEach(trial: SourceTrial, more: { readonly [param: string]: unknown }): Promise<void> {
  await trial.begin(count);
  const never = 'repeat' in more;
  const first = await trial.open({ batchSize: 1 }, more);
  const marks = [{ rows: 0, position: trial.position(first) }];
  while (first.numbers.length < count && (await trial.read(first))) marks.push({ rows: first.numbers.length, position: trial.position(first) });
  if (!trial.waits && !never) assert.equal(await trial.read(first), null, 'It ends');
  assert.deepEqual(first.numbers, all);
  for (const { rows, position } of marks) {
    const next = await trial.open({ batchSize: 5, start: position }, more);
    while (next.numbers.length < count - rows && (await trial.read(next)));
    if (!trial.waits && !never) assert.equal(await trial.read(next), null, `It ends, after ${rows} rows`);
    assert.deepEqual(next.numbers, all.slice(rows), `Rows after the first ${rows}`);
    assert.deepEqual(next.places, first.places.slice(rows), `Places of rows after the first ${rows}`);
  }
}
