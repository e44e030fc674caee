import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'unit',
          environment: 'node',
          include: ['{engine,nodes,server,electron,renderer}/**/*.test.ts', 'test/{architecture,conformance,golden,faults,processes,semantics}/**/*.test.ts'],
          setupFiles: ['test/property-seed.ts'],
          testTimeout: 20_000,
          sequence: { groupOrder: 0 },
        },
      },
      {
        test: {
          name: 'kill',
          environment: 'node',
          include: ['test/kill/**/*.test.ts'],
          fileParallelism: false,
          // Alone: its moments are those of a machine that is not busy with other tests.
          sequence: { groupOrder: 2 },
        },
      },
      {
        test: {
          name: 'e2e',
          environment: 'node',
          include: ['test/e2e/**/*.test.ts'],
          testTimeout: 120_000,
          hookTimeout: 120_000,
          fileParallelism: false,
          // Apart from the others: a person at an editor has the machine to themselves.
          sequence: { groupOrder: 1 },
          expect: { poll: { timeout: 10_000 } },
        },
      },
    ],
  },
});
