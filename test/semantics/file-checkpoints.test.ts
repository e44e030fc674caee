import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import '../property-seed.ts';
import { type CrashPoint, crashPoints, type Interval, type Resume, SinkRun, type SinkSpec, writeThroughCrashes } from '@millrace/kit/testing/sink-run';
import { MillraceError } from '../../model/problems/problem.ts';
import type { Json, Row, Schema } from '../../model/values/types.ts';
import csvOutput from '../../nodes/csv/csv-output.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'millrace-file-checkpoints-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const schema: Schema = {
  columns: [
    { name: 'id', type: 'integer', nullable: false },
    { name: 'name', type: 'string', nullable: true },
  ],
};
const rowsOf = (count: number): Row[] => Array.from({ length: count }, (_, i) => ({ id: i, name: `n${i}` }));
const old = 'id,name\n-1,from before\n';

interface Setting {
  readonly mode: 'replace' | 'append';
  readonly visible: 'checkpoint' | 'at-once';
  readonly compress: boolean;
  readonly exists: boolean;
}
const settings: readonly Setting[] = [false, true].flatMap((compress) =>
  (['replace', 'append'] as const).flatMap((mode) =>
    (['checkpoint', 'at-once'] as const).flatMap((visible) => [false, true].map((exists) => ({ mode, visible, compress, exists }))),
  ),
);
const target = () => join(folder, 'out.csv');
const textOf = ({ compress }: { readonly compress: boolean }) => (compress ? gunzipSync(readFileSync(target())).toString() : readFileSync(target(), 'utf8'));
const parts = () => readdirSync(folder).filter((name) => name !== 'out.csv');
const expected = ({ mode, exists }: Setting, rows: readonly Row[]) =>
  `${mode === 'append' && exists ? old : 'id,name\n'}${rows.map(({ id, name }) => `${id},${name}\n`).join('')}`;
const problemOf = async (action: () => Promise<unknown>) => {
  try {
    await action();
  } catch (error) {
    if (error instanceof MillraceError) return error.problem;
    throw error;
  }
  return null;
};

/** A copy that was interrupted after some bytes of the part. */
function halfAppend(share: number): (sink: SinkSpec, token: Json) => void {
  return (_, token) => {
    const { base, part, length } = token as { base: number | null; part: string | null; length: number };
    if (part === null || base === null) return;
    writeFileSync(target(), Buffer.concat([readFileSync(target()), readFileSync(join(folder, part)).subarray(0, Math.floor(length * share))]));
  };
}

async function through(setting: Setting, rows: readonly Row[], intervals: readonly Interval[], share = 0.5): Promise<void> {
  rmSync(target(), { force: true });
  if (setting.exists) {
    const { gzipSync } = await import('node:zlib');
    writeFileSync(target(), setting.compress ? gzipSync(old) : old);
  }
  const { mode, visible, compress } = setting;
  const sink = { definition: csvOutput, params: { path: 'out.csv', mode, visible, compress } };
  await writeThroughCrashes(folder, [sink], schema, rows, intervals, { half: halfAppend(share) });
}

test('any batches, checkpoints and crashes leave what an undisturbed run writes', async () => {
  const interval = fc.record({
    batches: fc.array(fc.integer({ min: 0, max: 40 }), { maxLength: 4 }),
    crash: fc.option(fc.constantFrom<CrashPoint>(...crashPoints)),
    committed: fc.constant(0),
  });
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...settings),
      fc.array(interval, { maxLength: 6 }),
      fc.integer({ min: 0, max: 150 }),
      fc.double({ min: 0, max: 1, noNaN: true }),
      async (setting, intervals, count, share) => {
        const rows = rowsOf(count);
        await through(setting, rows, intervals, share);
        expect(textOf(setting)).toBe(expected(setting, rows));
        expect(parts()).toEqual([]);
      },
    ),
    { numRuns: 40 },
  );
});

describe('what is visible when', () => {
  const open = async (given: { readonly [param: string]: unknown } = {}, resume: Resume = null) => {
    const run = new SinkRun(folder);
    const writer = await run.open({ definition: csvOutput, params: { path: 'out.csv', ...given } }, schema, resume);
    return { run, writer };
  };

  test('at once: each write shows, and an abort cuts back to the last commit', async () => {
    const { run, writer } = await open({ visible: 'at-once', mode: 'append' });
    writer.write(rowsOf(1));
    expect(readFileSync(target(), 'utf8')).toBe('id,name\n0,n0\n');
    await writer.prepare!(1);
    writer.write([{ id: 7, name: 'later' }]);
    await writer.commit(1);
    expect(readFileSync(target(), 'utf8')).toBe('id,name\n0,n0\n7,later\n');
    await writer.abort();
    await run.close();
    expect(readFileSync(target(), 'utf8')).toBe('id,name\n0,n0\n');
  });

  test('a stream without rows for a while makes no files', async () => {
    const { run, writer } = await open();
    for (const checkpoint of [1, 2, 3]) {
      await writer.prepare!(checkpoint);
      await writer.commit(checkpoint);
      expect(parts()).toEqual([]);
    }
    await run.close();
    expect(readFileSync(target(), 'utf8')).toBe('id,name\n');
  });

  test('lines that another program adds between two checkpoints stay', async () => {
    const { run, writer } = await open();
    for (const checkpoint of [1, 2]) {
      writer.write(rowsOf(1));
      await writer.prepare!(checkpoint);
      await writer.commit(checkpoint);
      if (checkpoint === 1) writeFileSync(target(), '99,other\n', { flag: 'a' });
    }
    await run.close();
    expect(readFileSync(target(), 'utf8')).toBe('id,name\n0,n0\n99,other\n0,n0\n');
  });

  test('an append that is killed before its end leaves the file as it was', async () => {
    writeFileSync(target(), old);
    const run = new SinkRun(folder, { commits: 'end' });
    const writer = await run.open({ definition: csvOutput, params: { path: 'out.csv', mode: 'append' } }, schema);
    writer.write(rowsOf(200_000));
    run.kill();
    expect(readFileSync(target(), 'utf8')).toBe(old);
    expect(parts()).toHaveLength(1);
  });

  test.each(['checkpoint', 'at-once'])('a file that was changed meanwhile is told and left alone (%s)', async (visible) => {
    const { run, writer } = await open({ visible });
    writer.write(rowsOf(5));
    const token = await writer.prepare!(1);
    await writer.commit(1);
    run.kill();
    const whole = readFileSync(target());
    const resume = { checkpoint: 1, token };
    truncateSync(target(), 10);
    expect(await problemOf(() => open({ visible }, resume))).toMatchObject({ code: 'file/changed', message: expect.stringContaining('shorter') });
    expect(statSync(target()).size).toBe(10);
    writeFileSync(target(), 'x'.repeat(whole.length));
    expect(await problemOf(() => open({ visible }, resume))).toMatchObject({ code: 'file/changed' });
    rmSync(target());
    expect(await problemOf(() => open({ visible }, resume))).toMatchObject({ code: 'file/gone', message: expect.stringContaining('gone') });
    expect(existsSync(target())).toBe(false);
    writeFileSync(target(), whole);
    const next = await open({ visible }, resume);
    await next.run.close();
    expect(readFileSync(target())).toEqual(whole);
  });

  test('what others have added is refused and left alone; of given-up checkpoints it is cut off, and told', async () => {
    const { run, writer } = await open();
    writer.write(rowsOf(1));
    const token = await writer.prepare!(1);
    await writer.commit(1);
    run.kill();
    writeFileSync(target(), 'more', { flag: 'a' });
    expect(await problemOf(() => open({}, { checkpoint: 1, token }))).toMatchObject({ code: 'file/added-to', message: expect.stringContaining('4 bytes') });
    expect(readFileSync(target(), 'utf8')).toBe('id,name\n0,n0\nmore');
    const next = await open({}, { checkpoint: 1, token, isOlder: true });
    await next.run.close();
    expect(readFileSync(target(), 'utf8')).toBe('id,name\n0,n0\n');
    expect(next.run.logs).toEqual([expect.stringContaining('4 bytes')]);
  });

  test.each(['', 'others\n', '5,n5\nx'])('an append that is completed writes over nobody (%j)', async (added) => {
    const { run, writer } = await open();
    writer.write(rowsOf(5));
    await writer.prepare!(1);
    await writer.commit(1);
    writer.write([
      { id: 5, name: 'n5' },
      { id: 6, name: 'n6' },
    ]);
    const token = await writer.prepare!(2);
    run.kill();
    const before = readFileSync(target(), 'utf8');
    writeFileSync(target(), added, { flag: 'a' });
    const problem = await problemOf(async () => (await open({}, { checkpoint: 2, token })).run.close());
    expect(problem?.code).toBe(added === '' ? undefined : 'file/added-to');
    expect(readFileSync(target(), 'utf8')).toBe(added === '' ? `${before}5,n5\n6,n6\n` : before + added);
  });
});
