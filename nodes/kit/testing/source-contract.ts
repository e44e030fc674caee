/** What every source promises, as named tests: see `Reader` in ../source.ts for the contract. */
import assert from 'node:assert/strict';
import { existsSync, readdirSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Json } from '../../../engine/schema/types.ts';
import type { SourceDefinition } from '../node.ts';
import { type ContractTest, type Promised, type SuiteOptions, testsOf, within } from './contract.ts';
import { numbers, type SourceHarness, SourceTrial } from './source-trial.ts';

/** The tests of one source in one setting. */
export function sourceTests(definition: SourceDefinition<any>, harness: SourceHarness, options: SuiteOptions = {}): ContractTest[] {
  return testsOf(promises, (folder) => new SourceTrial(folder, definition, harness, options));
}

const count = 12;
const all = numbers(0, count);

const positions: readonly Promised<SourceTrial>[] = [
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

const ends: readonly Promised<SourceTrial>[] = [
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
          // What it gives is not used any more.
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
      // Being interrupted may be told by an error.
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

/** How many files and sockets are open; 0 where the system does not tell. */
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

const demand: readonly Promised<SourceTrial>[] = [
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

const promises: readonly Promised<SourceTrial>[] = [...positions, ...ends, ...demand];
