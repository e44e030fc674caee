import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** For a machine that is slow and busy: a limit costs time only where something is broken. */
const patient = { testTimeout: 300_000, hookTimeout: 300_000, expect: { poll: { timeout: 120_000, interval: 20 } } };

/** What takes long and finds little: only `npm run test:long` runs it (test/run.mjs). */
const long = '**/*.long.test.ts';
/** They lock their realm down, mock modules, or hold state in them, as the editor does: each has a process to itself. */
const ownRealm = ['engine/{runners/local,sandbox}/*.test.ts', 'engine/preview/preview-engine.test.ts', 'renderer/**/*.test.ts'];

/** Many of these wait for processes of theirs. (By itself, Vitest leaves a core idle: one of two.) */
const besideEachOther = { environment: 'node', maxWorkers: '100%', sequence: { groupOrder: 1 } } as const;

/** Files that take long begin first: one that began last would be waited for with a core idle. */
class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rank = ({ moduleId }: TestSpecification) => longest.findLastIndex((pattern) => pattern.test(moduleId));
    return (await super.sort(files)).sort((a, b) => rank(b) - rank(a));
  }
}
/** The longest last. */
const longest = [/\/test\/golden\//, /\/test\/processes\//, /\/test\/faults\//, /\/untouched\.test/, /\/resume\.test/];

const isLong = process.env['MILLRACE_LONG'] === '1';

export default defineConfig({
  test: {
    sequence: { sequencer: LongestFirst },
    projects: isLong
      ? [
          {
            test: {
              ...patient,
              name: 'long',
              environment: 'node',
              include: [long],
              setupFiles: ['test/property-seed.ts'],
              testTimeout: 3_600_000,
              fileParallelism: false,
            },
          },
        ]
      : [
          {
            test: {
              ...patient,
              ...besideEachOther,
              name: 'unit',
              include: ['{model,kit,io,engine,nodes,server,electron}/**/*.test.ts'],
              exclude: [long, ...ownRealm],
              setupFiles: ['test/property-seed.ts', 'test/shared-realm.ts'],
              isolate: false,
            },
          },
          {
            test: {
              ...patient,
              ...besideEachOther,
              name: 'whole',
              include: [...ownRealm, 'test/{architecture,cases,conformance,fuzz,golden,faults,processes,semantics}/**/*.test.ts'],
              exclude: [long],
              setupFiles: ['test/property-seed.ts'],
            },
          },
          {
            test: {
              ...patient,
              name: 'kill',
              environment: 'node',
              include: ['test/kill/**/*.test.ts'],
              exclude: [long],
              fileParallelism: false,
              // Alone: its moments are those of a machine that is not busy with other tests.
              sequence: { groupOrder: 3 },
            },
          },
          {
            test: {
              ...patient,
              name: 'e2e',
              environment: 'node',
              include: ['test/e2e/**/*.test.ts'],
              exclude: [long],
              testTimeout: 600_000,
              fileParallelism: false,
              // Apart from the others: a person at an editor has the machine to themselves.
              sequence: { groupOrder: 2 },
            },
          },
        ],
  },
});
