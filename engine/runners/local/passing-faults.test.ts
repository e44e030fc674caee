/** What lies around a run fails for a while: the run is tried again as its policy says, and its outputs are those of a calm one. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, describe, expect, test } from 'vitest';
import '../../../test/property-seed.ts';
import { NotConnected, Permanent, RetryAfter } from '@millrace/kit/errors';
import { defineNode, type NodeDefinition } from '@millrace/kit/node';
import type { ProblemCode } from '../../../model/problems/codes/index.ts';
import { MillraceError } from '../../../model/problems/problem.ts';
import type { Row } from '../../../model/values/types.ts';
import { databaseSink, execution, fileSink, job, range, source, type Trial, type Watched, World, windows } from '../../../test/engine/execution-trial.ts';
import { identity } from '../../../test/engine/identity.ts';
import { toNative } from '../../../test/engine/native-op.ts';
import { problemOf } from '../../protocol/connection.ts';
import { worthOf } from '../../supervisor/restart-policy.ts';

const folders: string[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});
function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-faults-'));
  folders.push(folder);
  return folder;
}

const about = { message: 'It is away.', code: 'remote/failed' as ProblemCode };
const passing = [
  () => new NotConnected(about),
  () => new RetryAfter(1, about),
  () => new MillraceError({ ...about, code: 'sqlite/locked' }),
  () => Object.assign(new Error('no space left'), { code: 'ENOSPC' }),
] as const;

/** It fails once at a step, and nothing dies. */
class FlakyWorld extends World {
  fault: (() => Error) | null = null;
  failed = 0;

  override step(): void {
    if (this.left-- > 0 || !this.fault) return;
    const { fault } = this;
    this.fault = null;
    this.failed++;
    throw fault();
  }
}

/** Asks something outside for each row, as an enrichment does. */
const asking = (world: World): NodeDefinition =>
  defineNode({
    ...identity,
    type: 'asking',
    kind: 'transform',
    inputs: [{ name: 'rows' }],
    outputs: [{ name: 'rows' }],
    lower: toNative(),
    run: () => ({
      map: (row) => {
        world.step();
        return row;
      },
    }),
  });

const trialOf = (world: World, ask: () => void, onError: Trial['onError'] = 'stop'): Trial => ({
  nodes: {
    a: source(world, { rows: range(20, 3), size: 3, slowEvery: 2, onRead: ask }),
    asking: asking(world),
    windows,
    file: fileSink(world, 'file', false),
    table: databaseSink(world, 'table'),
  },
  edges: ['a -> asking', 'asking -> windows', 'windows -> file', 'asking -> table'],
  groups: [['a']],
  onError,
});

const sorted = (rows: readonly Row[]) => rows.map((row) => JSON.stringify(row)).sort();
async function attempt(trial: (ask: () => void) => Trial, stateFolder: string): Promise<unknown> {
  let current: Watched | null = null;
  current = execution(
    trial(() => void current?.execution.checkpoint().catch(() => {})),
    { stateFolder },
  );
  const error = await current.execution.run().then(
    () => null,
    (thrown: unknown) => thrown,
  );
  await current.execution.flow?.close();
  return error;
}

describe('a fault that passes', () => {
  test('at any step, under any policy: the run is worth another attempt, and commits the same rows', async () => {
    const calm = new FlakyWorld();
    expect(await attempt((ask) => trialOf(calm, ask), newFolder())).toBeNull();
    const faults = fc.array(fc.record({ after: fc.nat({ max: 60 }), kind: fc.nat({ max: passing.length - 1 }) }), { minLength: 1, maxLength: 4 });
    await fc.assert(
      fc.asyncProperty(faults, fc.constantFrom('stop', 'skip', 'keep'), async (given, onError) => {
        const world = new FlakyWorld();
        const stateFolder = newFolder();
        const { length } = given;
        for (let i = 0; i <= length; i++) {
          const fault = given[i];
          Object.assign(world, { left: fault?.after ?? Number.POSITIVE_INFINITY, fault: fault ? passing[fault.kind] : null });
          const before = world.failed;
          const error = await attempt((ask) => trialOf(world, ask, onError), stateFolder);
          if (error === null) break;
          expect(world.failed).toBe(before + 1);
          const problem = structuredClone(problemOf(error));
          expect(
            worthOf(
              job(
                trialOf(world, () => {}),
                { stateFolder },
              ),
              { kind: 'failed', problem },
              true,
            ),
          ).toBe('any-number');
        }
        for (const name of ['file', 'table']) expect(sorted(world.at(name).rows)).toEqual(sorted(calm.at(name).rows));
      }),
      { numRuns: 15 },
    );
  });

  test('a permanent one is not tried again, wherever it comes from', async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat({ max: 30 }), async (left) => {
        const world = Object.assign(new FlakyWorld(), { left, fault: () => new Permanent({ ...about, code: 'sqlite/locked' }) });
        const stateFolder = newFolder();
        const error = await attempt((ask) => trialOf(world, ask), stateFolder);
        expect(
          worthOf(
            job(
              trialOf(world, () => {}),
              { stateFolder },
            ),
            { kind: 'failed', problem: problemOf(error) },
            true,
          ),
        ).toBe('none');
      }),
      { numRuns: 15 },
    );
  });
});
