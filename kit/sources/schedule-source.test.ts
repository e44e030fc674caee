import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MillraceError } from '../../model/problems/problem.ts';
import type { ColumnType, Json, Row } from '../../model/values/types.ts';
import { f } from '../fields.ts';
import { defineNode, type Reader, type RowFailure, type SourceContext } from '../node.ts';
import { everySource } from './every-source.ts';
import { withSchedule } from './schedule-source.ts';

/** What the source finds, reading by reading; an error is thrown instead. The last one repeats. */
type World = readonly (readonly Row[] | Error)[];

/** A source over a world whose n-th opening without a position sees its n-th state. */
function sourceOf(world: World, type: ColumnType = 'integer') {
  let openings = 0;
  const seen = new Map<number, readonly Row[]>();
  const definition = defineNode({
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
    params: { name: f.text({ label: 'Name', default: 'x' }) },
    infer: () => ({ outputs: { rows: { columns: [{ name: 'id', type, nullable: true }] } } }),
    run({ batchSize, start }) {
      const position = (start as { reading: number; next: number } | null) ?? { reading: Math.min(openings++, world.length - 1), next: 0 };
      const found = world[position.reading]!;
      if (found instanceof Error) throw found;
      const rows = seen.get(position.reading) ?? found;
      seen.set(position.reading, rows);
      let next = position.next;
      return {
        read() {
          const first = next;
          next = Math.min(next + batchSize, rows.length);
          return first === next ? null : { rows: rows.slice(first, next), locate: (index) => ({ source: 'rows', line: first + index + 1 }) };
        },
        position: () => ({ reading: position.reading, next }),
        close() {},
      };
    },
    examples: [],
  });
  return withSchedule(definition);
}

const ids = (...all: (number | null)[]): Row[] => all.map((id) => ({ id }));

interface Opened {
  readonly reader: Reader;
  readonly logs: string[];
  readonly failures: RowFailure[];
}
let time = 0;
/** Each call of the clock advances it by more than any wait, so that no reading has to be waited for. */
async function open(
  source: ReturnType<typeof sourceOf>,
  params: object,
  options: { start?: Json; signal?: AbortSignal; now?: () => number; type?: ColumnType } = {},
): Promise<Opened> {
  const logs: string[] = [];
  const failures: RowFailure[] = [];
  const reader = await source.run({
    params: { name: 'x', repeat: 1000, cursorColumn: null, ...params },
    inputs: {},
    outputs: { rows: { columns: [{ name: 'id', type: options.type ?? 'integer', nullable: true }] } },
    path: (path) => path,
    signal: options.signal ?? new AbortController().signal,
    log: (_, message) => void logs.push(message),
    fail: (failure) => void failures.push(failure),
    refuse() {},
    pattern: (pattern, flags) => (text) => new RegExp(pattern, flags).exec(text),
    shared: (_, make) => make(),
    batchSize: 2,
    start: options.start ?? null,
    sample: false,
    now: options.now ?? (() => (time += 10_000)),
    elapsed: () => performance.now(),
  } satisfies SourceContext<any>);
  return { reader, logs, failures };
}

async function take({ reader }: Opened, batches: number): Promise<Row[]> {
  const rows: Row[] = [];
  for (let i = 0; i < batches; i++) rows.push(...((await reader.read())?.rows ?? []));
  return rows;
}

it('is bounded as long as no repetition is asked for, and reads as it did', async () => {
  const source = sourceOf([ids(1, 2, 3)]);
  const bounded = source.bounded as (params: object) => boolean;
  expect([bounded({ repeat: null }), bounded({ repeat: 1000 })]).toEqual([true, false]);
  const { reader } = await open(source, { repeat: null });
  expect([await reader.read(), reader.position()]).toMatchObject([{ rows: ids(1, 2) }, { next: 2 }]);
});

it('leaves sources alone that have no end of their own', () => {
  const endless = { ...sourceOf([]), bounded: false };
  expect(withSchedule(endless)).toBe(endless);
  expect(Object.keys(everySource({ ...endless, params: {} }).params)).not.toContain('repeat');
});

it('gives all rows again with each reading', async () => {
  const opened = await open(sourceOf([ids(1, 2, 3), [], ids(4)]), {});
  expect(await take(opened, 4)).toEqual(ids(1, 2, 3, 4, 4));
});

it('gives rows beyond the cursor of the readings before, and no ties', async () => {
  const opened = await open(sourceOf([ids(2, 1), ids(2, 1, 5, 3, 2), ids(5, 6)]), { cursorColumn: 'id' });
  expect(await take(opened, 3)).toEqual(ids(2, 1, 5, 3, 6));
});

it('compares decimals by their value', async () => {
  const prices = (...all: string[]): Row[] => all.map((id) => ({ id }));
  const world = [prices('9', '10.50'), prices('9.5', '10.5', '100', '10.500000000000000001')];
  const opened = await open(sourceOf(world, 'decimal'), { cursorColumn: 'id' }, { type: 'decimal' });
  expect(await take(opened, 2)).toEqual(prices('9', '10.50', '100', '10.500000000000000001'));
});

it('fails rows without a cursor', async () => {
  const opened = await open(sourceOf([ids(1, null, 2)]), { cursorColumn: 'id' });
  expect(await take(opened, 2)).toEqual(ids(1, 2));
  expect(opened.failures).toMatchObject([{ code: 'schedule/cursor', position: { source: 'rows', line: 2 }, row: { id: null } }]);
});

describe('a reading that fails', () => {
  const gone = new MillraceError({ code: 'file/missing', message: 'The file is away.' });
  it('is an error at first', async () => {
    const { reader } = await open(sourceOf([gone]), {});
    await expect(reader.read()).rejects.toBe(gone);
  });
  it('is a warning later, and is tried again after a time that grows', async () => {
    const opened = await open(sourceOf([ids(1), gone, gone, gone, ids(2)]), {});
    expect(await take(opened, 2)).toEqual(ids(1, 2));
    expect(opened.logs).toEqual([1, 2, 4].map((s) => `It could not be read, and is tried again in ${s} s: The file is away.`));
  });
  it('does not hide a row that ends the run', async () => {
    const source = sourceOf([ids(1), ids(2, null)]);
    const opened = await open(source, { cursorColumn: 'id' });
    await opened.reader.read();
    opened.failures.push = () => {
      throw gone;
    };
    await expect(opened.reader.read()).rejects.toBe(gone);
  });
});

describe('a restart at any batch', () => {
  /** All rows until the last one has come, with a restart before the batch `cut`. */
  async function all(readings: World, params: object, cut: number | null): Promise<readonly unknown[]> {
    const source = sourceOf(readings);
    let opened = await open(source, params);
    const rows: Row[] = [];
    for (let batches = 0; rows.at(-1)?.['id'] !== 1000; batches++) {
      if (batches === cut) {
        const start = JSON.parse(JSON.stringify(opened.reader.position()));
        await opened.reader.close();
        opened = await open(source, params, { start });
      }
      rows.push(...((await opened.reader.read())?.rows ?? []));
    }
    return rows.map(({ id }) => id);
  }

  it('goes on with the rows that had not come', async () => {
    const world = fc.array(fc.array(fc.nat({ max: 20 }), { maxLength: 7 }), { minLength: 1, maxLength: 4 });
    await fc.assert(
      fc.asyncProperty(world, fc.nat({ max: 8 }), async (states, cut) => {
        const readings = [...states, [1000]].map((state) => ids(...state));
        expect(await all(readings, {}, cut)).toEqual(await all(readings, {}, null));
      }),
    );
  });

  it('loses no row by its cursor, and gives none twice', async () => {
    // Tables that only grow, anywhere between their rows.
    const world = fc.uniqueArray(fc.tuple(fc.nat({ max: 99 }), fc.nat({ max: 3 })), { selector: ([id]) => id, maxLength: 20 });
    await fc.assert(
      fc.asyncProperty(world, fc.nat({ max: 10 }), async (rows, cut) => {
        const readings = [0, 1, 2, 3].map((state) => ids(...rows.filter(([, since]) => since <= state).map(([id]) => id)));
        readings.push([...readings.at(-1)!, { id: 1000 }]);
        const whole = await all(readings, { cursorColumn: 'id' }, null);
        const found = await all(readings, { cursorColumn: 'id' }, cut);
        expect(new Set(found).size).toBe(found.length);
        expect(whole.filter((id) => !found.includes(id))).toEqual([]);
      }),
    );
  });
});

it.each(['cancelled', 'closed'])('stops waiting when it is %s', async (how) => {
  const stop = new AbortController();
  const { reader } = await open(sourceOf([ids(1)]), { repeat: 3_600_000 }, { signal: stop.signal, now: () => 0 });
  await reader.read();
  const waiting = reader.read();
  await new Promise((resolve) => setImmediate(resolve));
  if (how === 'cancelled') stop.abort();
  else await reader.close();
  expect(await waiting).toBeNull();
});

it('is read once for a preview', async () => {
  const source = sourceOf([ids(1)]);
  const context = { params: { repeat: 1000, cursorColumn: null }, batchSize: 10, start: null, sample: true } as unknown as SourceContext<any>;
  const reader = await source.run(context);
  expect([await reader.read(), await reader.read()]).toMatchObject([{ rows: ids(1) }, null]);
});

it('tells of a cursor that is no column, or has no effect', () => {
  const problems = (params: object) =>
    sourceOf([]).infer({ params: { repeat: 1000, cursorColumn: null, ...params }, inputs: {}, inputLists: {}, discovered: null, analyse: null as never })
      .problems ?? [];
  expect(problems({ cursorColumn: 'di' })).toMatchObject([{ field: 'cursorColumn', severity: 'error' }]);
  expect(problems({ cursorColumn: 'id', repeat: null })).toMatchObject([{ code: 'schedule/once', severity: 'warning' }]);
  expect(problems({ cursorColumn: 'id' })).toEqual([]);
});

it('passes over no row that changed in place while it was interrupted', async () => {
  const table: { id: number }[] = [{ id: 1 }, { id: 2 }, { id: 3 }];
  const definition = {
    ...sourceOf([]),
    params: {},
    bounded: true as const,
    run: ({ start }: SourceContext<any>): Reader => {
      let next = (start as number | null) ?? 0;
      return {
        read: () => (next < table.length ? { rows: [table[next++]!] } : null),
        position: () => next,
        close() {},
      };
    },
  };
  const source = withSchedule(definition);
  const before = await open(source, { cursorColumn: 'id' });
  expect(await take(before, 3)).toEqual(ids(1, 2, 3));
  const start = before.reader.position();
  await before.reader.close();
  table[0] = { id: 10 };
  table.push({ id: 11 });
  expect(await take(await open(source, { cursorColumn: 'id' }, { start }), 2)).toEqual(ids(10, 11));
});
