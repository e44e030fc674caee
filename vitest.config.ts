import { defineConfig } from 'vitest/config';

/** For a machine that is slow and busy: a limit costs time only where something is broken. */
const patient = { testTimeout: 120_000, hookTimeout: 120_000, expect: { poll: { timeout: 30_000, interval: 20 } } };

/** What takes long and finds little: only `npm run test:long` runs it (test/run.mjs). */
const long = '**/*.long.test.ts';
const isLong = process.env['MILLRACE_LONG'] === '1';

export default defineConfig({
  test: {
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
              name: 'unit',
              environment: 'node',
              include: [
                '{model,kit,io,engine,nodes,server,electron,renderer}/**/*.test.ts',
                'test/{architecture,cases,conformance,fuzz,golden,faults,processes,semantics}/**/*.test.ts',
              ],
              exclude: [long],
              setupFiles: ['test/property-seed.ts'],
              // Many of these wait for processes of theirs. (By itself, Vitest leaves a core idle: one of two.)
              maxWorkers: '100%',
              sequence: { groupOrder: 1 },
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
              testTimeout: 240_000,
              fileParallelism: false,
              // Apart from the others: a person at an editor has the machine to themselves.
              sequence: { groupOrder: 2 },
            },
          },
        ],
  },
});
