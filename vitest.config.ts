import { defineConfig } from 'vitest/config';

/** For a machine that is slow and busy: a limit costs time only where something is broken. */
const patient = { testTimeout: 120_000, hookTimeout: 120_000, expect: { poll: { timeout: 30_000, interval: 20 } } };

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          ...patient,
          name: 'unit',
          environment: 'node',
          include: ['{engine,nodes,server,electron,renderer}/**/*.test.ts', 'test/{architecture,conformance,golden,faults,processes,semantics}/**/*.test.ts'],
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
          testTimeout: 240_000,
          fileParallelism: false,
          // Apart from the others: a person at an editor has the machine to themselves.
          sequence: { groupOrder: 2 },
        },
      },
    ],
  },
});
