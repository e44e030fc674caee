import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { OutOfOrder } from '../../model/problems/out-of-order.ts';
import type { Column, Json } from '../../model/values/types.ts';
import { f } from '../fields.ts';
import { type AnySchemas, defineNode, type Reader, type SourceContext } from '../node.ts';
import { validateParams } from '../params.ts';
import { readSource } from '../testing/read-source.ts';
import { withEventTime } from './event-time-source.ts';

type Reading = { readonly [column: string]: Json };

/** A source over these rows; `line` is their number. */
function sourceOf(rows: readonly Reading[], columns: readonly Column[], hint?: { readonly column: string }) {
  return withEventTime(
    defineNode({
      type: 'rows',
      kind: 'source',
      title: 'Rows',
      summary: 'For tests.',
      category: 'Generate',
      icon: 'puzzle',
      version: 1,
      docs: 'For tests.',
      outputs: [{ name: 'rows' }],
      bounded: true,
      ...(hint && { eventTime: hint }),
      params: { name: f.text({ label: 'Name', default: 'x' }) },
      infer: () => ({ outputs: { rows: { columns } } }),
      run({ batchSize, start, outputs }) {
        expect(outputs['rows']!.columns.map(({ name, type }) => ({ name, type }))).toEqual(columns.map(({ name, type }) => ({ name, type })));
        let next = typeof start === 'number' ? start : 0;
        return {
          read() {
            const first = next;
            next = Math.min(next + batchSize, rows.length);
            return first === next ? null : { rows: rows.slice(first, next), locate: (index) => ({ source: 'rows', line: first + index + 1 }) };
          },
          position: () => next,
          close() {},
        };
      },
      examples: [],
    }),
  );
}

const column = (type: Column['type']): Column[] => [
  { name: 'time', type, nullable: true },
  { name: 'id', type: 'integer', nullable: false },
];
const rowsAt = (...times: Json[]): Reading[] => times.map((time, id) => ({ time, id }));
const byTime = { eventTime: 'column', timeColumn: 'time', ahead: null };
const watermarks = (outcome: { readonly positions: readonly { readonly watermark?: number }[] }) => outcome.positions.map(({ watermark }) => watermark);

describe('without an event time', () => {
  it('is the source as it was, down to its positions', async () => {
    const { schema, positions, rows } = await readSource(sourceOf(rowsAt(5, 6), column('timestamp')), '.', {}, { batchSize: 1 });
    expect(schema).toEqual({ columns: column('timestamp') });
    expect(positions).toEqual([
      { rows: 1, position: 1 },
      { rows: 2, position: 2 },
    ]);
    expect(rows).toEqual(rowsAt(5, 6));
  });
  it('refuses a source that has such a param itself', () => {
    const source = sourceOf([], []);
    expect(() => withEventTime(source)).toThrow('"eventTime"');
  });
});

describe('by a column', () => {
  it('says so in its schema, and tells a watermark with each batch that moves it', async () => {
    const found = await readSource(sourceOf(rowsAt(1000, 3000, 2000, 4000), column('timestamp')), '.', { ...byTime, outOfOrder: 500 }, { batchSize: 1 });
    expect(found.schema).toEqual({ columns: [{ name: 'time', type: 'timestamp', nullable: false }, column('timestamp')[1]], eventTime: { column: 'time' } });
    expect(watermarks(found)).toEqual([499, 2499, undefined, 3499]);
    expect(found.rows).toEqual(rowsAt(1000, 3000, 2000, 4000));
  });

  it('makes the same rows late however they are split into batches', async () => {
    const times = fc.array(fc.integer({ min: 0, max: 60 }), { minLength: 1, maxLength: 40 });
    await fc.assert(
      fc.asyncProperty(times, fc.integer({ min: 0, max: 10 }), fc.integer({ min: 1, max: 45 }), fc.boolean(), async (list, outOfOrder, batchSize, isText) => {
        const source = isText
          ? sourceOf(rowsAt(...list.map((time) => new Date(time).toISOString())), column('string'))
          : sourceOf(rowsAt(...list), column('timestamp'));
        const found = await readSource(source, '.', { ...byTime, outOfOrder }, { batchSize });
        const isLate = (time: number, i: number) => time <= Math.max(...found.watermarks.filter(({ after }) => after <= i).map(({ watermark }) => watermark));
        const isBehind = (time: number, i: number) => i > 0 && time < Math.max(...list.slice(0, i)) - outOfOrder;
        expect(list.map(isLate)).toEqual(list.map(isBehind));
      }),
    );
  });

  it('makes a row late after rows that fail, which are not there to count', async () => {
    const found = await readSource(sourceOf(rowsAt(1, null, 100, 60), column('timestamp')), '.', byTime);
    expect(found.rows.map(({ id }) => id)).toEqual([0, 2, 3]);
    expect(found.watermarks).toEqual([{ after: 2, watermark: 99 }]);
  });

  it('leaves the params complete while no column is chosen, so that the source can be asked for its columns', () => {
    const { params, problems } = validateParams(sourceOf([], []).params, { eventTime: 'column' }, {});
    expect([params['timeColumn'], problems]).toEqual([null, []]);
  });

  it('offers the column that the source names', () => {
    const { params } = sourceOf([], column('timestamp'), { column: 'time' });
    expect(params['timeColumn']?.default).toBe('time');
  });

  it('makes midnights of days', async () => {
    const found = await readSource(sourceOf(rowsAt('2026-01-31', '2026-02-01'), column('date')), '.', byTime);
    expect(found.schema!.columns[0]).toEqual({ name: 'time', type: 'timestamp', nullable: false });
    expect(found.rows.map(({ time }) => time)).toEqual([Date.UTC(2026, 0, 31), Date.UTC(2026, 1, 1)]);
  });

  it('makes timestamps of text and numbers', async () => {
    const text = await readSource(sourceOf(rowsAt('2026-01-31T12:00:00Z'), column('string')), '.', byTime);
    expect(text.schema?.columns[0]).toEqual({ name: 'time', type: 'timestamp', nullable: false });
    expect(text.rows).toEqual([{ time: Date.UTC(2026, 0, 31, 12), id: 0 }]);
    const pattern = { ...byTime, timeFormat: 'pattern', timePattern: 'dd.MM.yyyy HH:mm', timeZone: '+01:00' };
    expect((await readSource(sourceOf(rowsAt('31.01.2026 13:00'), column('string')), '.', pattern)).rows).toEqual(text.rows);
    const seconds = { ...byTime, timeFormat: 'seconds' };
    expect((await readSource(sourceOf(rowsAt(Date.UTC(2026, 0, 31, 12) / 1000), column('integer')), '.', seconds)).rows).toEqual(text.rows);
  });

  it('fails rows whose time is null or does not fit, and tells where they are', async () => {
    const source = sourceOf(rowsAt('31.12.2026', '31.13.2026', null, '01.01.2027'), column('string'));
    for (const batchSize of [1, 2, 10]) {
      const params = { ...byTime, timeFormat: 'pattern', timePattern: 'dd.MM.yyyy', timeZone: '+00:00' };
      const { rows, failures, places } = await readSource(source, '.', params, { batchSize });
      expect(rows.map(({ id }) => id)).toEqual([0, 3]);
      expect(places).toEqual(['rows:1', 'rows:4']);
      expect(failures).toMatchObject([
        { message: 'time "31.13.2026" does not fit dd.MM.yyyy', position: { source: 'rows', line: 2 }, row: { id: 1 } },
        { message: 'time is null, but every row needs an event time', position: { source: 'rows', line: 3 }, row: { id: 2 } },
      ]);
    }
    const plain = await readSource(sourceOf(rowsAt(1, null, 3), column('timestamp')), '.', byTime);
    expect(plain.places).toEqual(['rows:1', 'rows:3']);
    expect(plain.failures).toMatchObject([{ code: 'event-time/missing', position: { line: 2 } }]);
  });

  it('gives a batch of no rows where all of them fail, so that their failures go on', async () => {
    const { sizes } = await readSource(sourceOf(rowsAt(1, null, 3), column('timestamp')), '.', byTime, { batchSize: 1 });
    expect(sizes).toEqual([1, 0, 1]);
  });

  it.each([
    [{ timeColumn: null }, column('timestamp'), 'timeColumn', 'Time column is missing'],
    [{ timeColumn: 'tiem' }, column('timestamp'), 'timeColumn', 'There is no column "tiem"'],
    [{ timeColumn: 'flag' }, [{ name: 'flag', type: 'boolean', nullable: false }], 'timeColumn', 'needs timestamp or date or string'],
    [{}, column('integer'), 'timeFormat', 'it is not known what it counts'],
    [{ timeFormat: 'pattern', timePattern: 'dd.MM.yyyy' }, column('integer'), 'timeFormat', 'not text'],
    [{ timeFormat: 'pattern', timePattern: 'DD' }, column('string'), 'timePattern', '"DD" stands for no part'],
    [{ timeFormat: 'pattern', timePattern: 'dd.MM.yyyy', timeZone: 'Berlin' }, column('string'), 'timeZone', 'not a time zone'],
  ] as const)('tells of %o', async (params, columns, field, message) => {
    const { problems } = await readSource(sourceOf([], columns), '.', { ...byTime, ...params });
    expect(problems).toMatchObject([{ field, severity: 'error', message: expect.stringContaining(message) }]);
  });

  it('lets a clock that jumped close no window', async () => {
    const far = Date.UTC(2100, 0, 1);
    const source = sourceOf(rowsAt(1000, far, 2000, far + 1, 3000), column('timestamp'));
    const found = await readSource(source, '.', { ...byTime, ahead: 1000 }, { batchSize: 1, now: () => 4000 });
    expect(found.rows).toHaveLength(5);
    expect(watermarks(found)).toEqual([999, undefined, 1999, undefined, 2999]);
    expect(found.logs).toEqual([expect.stringContaining('2100-01-01T00:00:00.000Z'), expect.stringMatching(/^2 rows/)]);
    const unlimited = await readSource(source, '.', byTime, { batchSize: 1, now: () => 4000 });
    expect(unlimited.positions[1]?.watermark).toBe(far - 1);
  });
});

describe('a restart', () => {
  it('goes on at any row with the same rows, and a watermark that does not fall', async () => {
    const times = fc.array(fc.integer({ min: 0, max: 1000 }), { minLength: 1, maxLength: 30 });
    await fc.assert(
      fc.asyncProperty(times, fc.integer({ min: 1, max: 5 }), fc.nat({ max: 100 }), async (all, batchSize, outOfOrder) => {
        const source = sourceOf(rowsAt(...all), column('timestamp'));
        const params = { ...byTime, outOfOrder };
        const whole = await readSource(source, '.', params, { batchSize });
        let before = Number.NEGATIVE_INFINITY;
        for (const { rows, position, watermark } of whole.positions) {
          before = Math.max(before, watermark ?? before);
          const rest = await readSource(source, '.', params, { batchSize, start: position });
          expect(rest.rows).toEqual(whole.rows.slice(rows));
          // The first batch has the watermark again, since a resumed run has none.
          const later = whole.positions.filter((other) => other.rows > rows).map((other) => other.watermark);
          expect(watermarks(rest)).toEqual(later.map((moved, i) => moved ?? (i === 0 ? before : undefined)));
        }
      }),
      { numRuns: 50 },
    );
  });
});

describe('rows that are out of order within the bound', () => {
  it('are never late', async () => {
    const steps = fc.array(fc.nat({ max: 50 }), { minLength: 1, maxLength: 60 });
    await fc.assert(
      fc.asyncProperty(
        steps,
        fc.nat({ max: 200 }),
        fc.integer({ min: 1, max: 7 }),
        fc.infiniteStream(fc.nat({ max: 200 })),
        async (gaps, bound, batchSize, noise) => {
          let time = 0;
          const jitter = () => (noise.next().value ?? 0) % (bound + 1);
          // Sorted by time plus a delay of at most the bound.
          const rows = gaps
            .map((gap) => {
              time += gap;
              return { time, at: time + jitter() };
            })
            .sort((a, b) => a.at - b.at);
          const source = sourceOf(rowsAt(...rows.map((row) => row.time)), column('timestamp'));
          const { positions } = await readSource(source, '.', { ...byTime, outOfOrder: bound }, { batchSize });
          let watermark = Number.NEGATIVE_INFINITY;
          let from = 0;
          for (const batch of positions) {
            for (const row of rows.slice(from, batch.rows)) expect(row.time).toBeGreaterThan(watermark);
            from = batch.rows;
            watermark = batch.watermark ?? watermark;
          }
        },
      ),
    );
  });
});

describe('by arrival', () => {
  it('adds the time of reading, which never goes back', async () => {
    const clock = [1000, 1000, 900, 1100];
    const now = () => clock.shift() ?? 2000;
    const params = { eventTime: 'arrival', arrivalColumn: 'seen' };
    const found = await readSource(sourceOf(rowsAt(1, 2, 3, 4), column('timestamp')), '.', params, { batchSize: 1, now });
    expect(found.schema?.columns.at(-1)).toEqual({ name: 'seen', type: 'timestamp', nullable: false });
    expect(found.schema?.eventTime).toEqual({ column: 'seen' });
    expect(found.rows.map((row) => row['seen'])).toEqual([1000, 1000, 1000, 1100]);
    expect(Object.keys(found.rows[0]!)).toEqual(['time', 'id', 'seen']);
    expect(watermarks(found)).toEqual([999, undefined, undefined, 1099]);
    const rest = await readSource(sourceOf(rowsAt(1, 2), column('timestamp')), '.', params, { start: { source: 1, time: 5000 }, now: () => 3000 });
    expect(rest.rows).toEqual([{ time: 2, id: 1, seen: 5000 }]);
  });
  it('needs a name of its own', () => {
    const params = { eventTime: 'arrival', arrivalColumn: 'id' };
    const { problems } = sourceOf([], column('timestamp')).infer({ params, inputs: {}, inputLists: {}, discovered: null, analyse: null as never });
    expect(problems).toMatchObject([{ field: 'arrivalColumn', severity: 'error' }]);
  });
});

describe('where no row may be late by its order', () => {
  const outOfOrder = sourceOf(rowsAt(1000, null, 4000, 3000, 2500, 5000), column('timestamp'));

  it('says how far all of the rows are out of order, where the run can start over', async () => {
    const order = { disorder: null, startsOver: true };
    const failed = await readSource(outOfOrder, '.', byTime, { batchSize: 2, order }).catch((error: unknown) => error);
    expect(failed).toBeInstanceOf(OutOfOrder);
    expect((failed as OutOfOrder).disorder).toBe(1500);
    const again = await readSource(outOfOrder, '.', byTime, { batchSize: 2, order: { ...order, disorder: 1500 } });
    expect(watermarks(again)).toEqual([-501, 2499, 3499]);
    const enough = await readSource(outOfOrder, '.', { ...byTime, outOfOrder: 2000 }, { batchSize: 2, order });
    expect(watermarks(enough)).toEqual([-1001, 1999, 2999]);
  });

  it('reads all of them before, where it cannot, and knows after a restart what it found; each that fails is told once', async () => {
    const order = { disorder: null, startsOver: false };
    const found = await readSource(outOfOrder, '.', byTime, { batchSize: 2, order });
    expect(found.failures).toHaveLength(1);
    expect(watermarks(found)).toEqual([-501, 2499, 3499]);
    const { position } = found.positions[1]!;
    expect(position).toEqual({ source: 4, time: 4000, disorder: 1500 });
    expect(watermarks(await readSource(outOfOrder, '.', byTime, { order, start: position }))).toEqual([3499]);
    // From a checkpoint that does not have it.
    expect(watermarks(await readSource(outOfOrder, '.', byTime, { order, start: { source: 4, time: 4000 } }))).toEqual([undefined]);
  });

  it('keeps its watermark back to the end, where it can be read only once', async () => {
    const order = { disorder: Number.POSITIVE_INFINITY, startsOver: false };
    expect(watermarks(await readSource(outOfOrder, '.', { ...byTime, quietAfter: 1 }, { order }))).toEqual([undefined]);
  });
});

describe('while no rows come', () => {
  const open = async (params: object, now: () => number, start: Json = null, elapsed = now): Promise<Reader> => {
    const source = sourceOf(rowsAt(1000), column('timestamp'));
    const defaults = Object.fromEntries(Object.entries(source.params).map(([name, field]) => [name, (field as { default?: Json }).default ?? null]));
    const context = { params: { ...defaults, ...params }, inputs: {}, discovered: null, inputLists: {}, analyse: null as never };
    const { outputs } = source.infer(context);
    return source.run({
      ...context,
      outputs: outputs as AnySchemas,
      start,
      now,
      elapsed,
      batchSize: 10,
      signal: new AbortController().signal,
      log() {},
    } as unknown as SourceContext);
  };

  it('is idle after the time that was set, and not before', async () => {
    let now = 0;
    const reader = await open({ ...byTime, idleAfter: 500 }, () => now);
    const at = (time: number, waiting = reader) => {
      now = time;
      return waiting.waiting?.();
    };
    expect(at(499)).toEqual({ idle: false });
    expect(at(500)).toEqual({ idle: true });
    now = 600;
    await reader.read();
    expect(at(700)).toEqual({ idle: false });
    expect(at(1100)).toEqual({ idle: true });
    expect(at(1e9, await open(byTime, () => 0))).toEqual({});
  });
  it('goes by the clock once it has been quiet for the time that was set', async () => {
    let now = 5000;
    const reader = await open({ ...byTime, quietAfter: 500 }, () => now);
    // Before the first row there is nothing to close.
    now = 9000;
    expect(reader.waiting?.()).toEqual({});
    expect(await reader.read()).toMatchObject({ watermarks: [{ after: 1, watermark: 999 }] });
    now = 9499;
    expect(reader.waiting?.()).toEqual({});
    now = 9500;
    expect(reader.waiting?.()).toEqual({ watermark: 8999 });
    now = 9600;
    expect(reader.waiting?.()).toEqual({ watermark: 9099 });
    expect(reader.position()).toEqual({ source: 1, time: 1000 });
  });
  it('tells the watermark of before a restart', async () => {
    const reader = await open(byTime, () => 0, { source: 1, time: 700 });
    expect(reader.waiting?.()).toEqual({ watermark: 699 });
    expect(reader.waiting?.()).toEqual({});
    expect(reader.position()).toEqual({ source: 1, time: 700 });
  });
  it('moves on by arrival, also while the clock is behind', async () => {
    let wall = 50;
    let elapsed = 0;
    const reader = await open(
      { eventTime: 'arrival', arrivalColumn: 'at' },
      () => wall,
      null,
      () => elapsed,
    );
    expect(reader.waiting?.()).toEqual({ watermark: 49 });
    wall = 86_400_000;
    expect(reader.waiting?.()).toEqual({ watermark: 86_399_999 });
    wall = 50;
    expect((await reader.read())?.rows).toMatchObject([{ at: 86_400_000 }]);
    wall += 1000;
    elapsed += 1000;
    expect(reader.waiting?.()).toEqual({ watermark: 86_400_899 });
  });
});
