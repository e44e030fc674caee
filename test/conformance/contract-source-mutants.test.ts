/** The contract suite can fail: sources that break one promise each, and the test that says so. */
import { appendFileSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Reader, SourceBatch, SourceContext, SourceDefinition } from '@millrace/kit/node';
import { sourceTests } from '@millrace/kit/testing/source-contract';
import type { SourceHarness } from '@millrace/kit/testing/source-trial';
import { describe, expect, it } from 'vitest';
import type { Json } from '../../model/values/types.ts';
import sourceTemplate from '../../nodes/_template-source.ts';
import sourceSettings from './contracts/_template-source.ts';
import { failureOf, failuresOf, type Parts, patience } from './suite-failures.ts';

/** With params and ports as the suite gives them. */
const template: SourceDefinition = sourceTemplate;

describe('a source', () => {
  const counted = sourceSettings['numbers from one on'];
  type SourceRuns = (context: SourceContext, sound: () => Reader) => Reader;
  const source = (run: SourceRuns): SourceDefinition => ({
    ...template,
    run: (context) => run(context, () => template.run(context) as Reader),
  });
  const changed =
    (change: (sound: Reader, context: SourceContext) => Parts<Reader>): SourceRuns =>
    (context, open) => {
      const sound = open();
      return { ...sound, ...change(sound, context) };
    };

  const mutants: readonly (readonly [what: string, run: SourceRuns, test: string])[] = [
    [
      'whose position lags by a row',
      changed((sound) => ({ position: () => Math.max(1, (sound.position() as number) - 1) })),
      'goes on from each position with the rows that had not come, and their places',
    ],
    [
      'whose position runs ahead by a row',
      changed((sound) => ({ position: () => (sound.position() as number) + 1 })),
      'goes on from each position with the rows that had not come, and their places',
    ],
    [
      'whose position is that of what it has read ahead',
      changed((sound) => {
        let ahead: SourceBatch | null | undefined;
        const next = () => sound.read() as SourceBatch | null;
        return {
          read() {
            const batch = ahead === undefined ? next() : ahead;
            ahead = next();
            return batch;
          },
        };
      }),
      'killed after each row, it gives each row once',
    ],
    [
      'whose position counts only once it has gone on itself',
      (context, open) => {
        const sound = open();
        const start = context.start;
        return { ...sound, position: () => (start === null ? sound.position() : start) };
      },
      'killed after each row, it gives each row once',
    ],
    ['that begins anew wherever it was', (context) => template.run({ ...context, start: null }) as Reader, 'killed after each row, it gives each row once'],
    [
      'that loses its first row when it is killed before it',
      changed((sound) => ({ position: () => Math.max(2, sound.position() as number) })),
      'killed before its first row, it begins anew',
    ],
    [
      'whose batches are larger than asked for',
      (context) => template.run({ ...context, batchSize: 1000 }) as Reader,
      'gives each row once, in order, in batches of at most 5',
    ],
    [
      'that gives an empty batch',
      changed((sound) => {
        let reads = 0;
        return { read: () => (++reads === 2 ? { rows: [] } : sound.read()) };
      }),
      'gives each row once, in order, in batches of at most 1',
    ],
    [
      'whose position is no JSON',
      changed((sound) => ({ position: () => new Map([['next', sound.position()]]) as unknown as Json })),
      'a position is plain JSON, and asking for it changes nothing',
    ],
    [
      'whose position moves when it is asked for',
      changed((sound) => {
        let asked = 0;
        return { position: () => (sound.position() as number) + asked++ };
      }),
      'a position is plain JSON, and asking for it changes nothing',
    ],
    [
      'that forgets more than what a checkpoint holds',
      changed((sound) => {
        let next = 0;
        return {
          committed(position) {
            next = position as number;
          },
          position: () => (next > 0 ? (sound.position() as number) + 1 : sound.position()),
        };
      }),
      'what a checkpoint holds may be forgotten, and nothing behind it',
    ],
    ['whose close does not end', changed(() => ({ close: () => new Promise<void>(() => {}) })), 'closed between two reads, it ends within a second'],
    [
      'that keeps files open',
      changed(() => {
        openSync(import.meta.filename, 'r');
        return {};
      }),
      'closed, it has given back what it had opened',
    ],
    [
      'whose progress goes beyond its end',
      changed((sound) => ({ progress: () => ({ ...sound.progress!(), done: 2 * (sound.progress!().done ?? 0) }) })),
      'its progress never falls, and is whole at the end',
    ],
    [
      'that has no end in a preview',
      changed((sound, { sample }) => ({ read: () => sound.read() ?? (sample ? new Promise<null>(() => {}) : null) })),
      'a preview sees rows that are there, and ends by itself',
    ],
  ];

  it.each(mutants)('%s fails', async (_, run, test) => {
    expect(await failureOf(sourceTests(source(run), counted, { patience }), test)).not.toBeNull();
  });

  describe('that waits for more', () => {
    /** Reads the lines of a file that grows. */
    function followed({ hears = true, wakes = true, hurries = false } = {}): SourceDefinition {
      return {
        ...template,
        bounded: false,
        run({ path, start, signal, sample, batchSize }) {
          let next = typeof start === 'number' ? start : 0;
          let isClosed = false;
          let ahead: string[] = [];
          const lines = () => readFileSync(path('in.txt'), 'utf8').split('\n').slice(0, -1);
          const timer = setInterval(() => {
            if (hurries && ahead.length === 0) ahead = lines().slice(next);
            if (hurries) next += ahead.length;
          }, 1);
          return {
            async read() {
              for (let hasWaited = false; !(hears && (isClosed || signal.aborted)); hasWaited = true) {
                const found = (ahead.length > 0 ? ahead : lines().slice(next)).slice(0, batchSize);
                if (found.length > 0 && (wakes || !hasWaited)) {
                  if (ahead.length === 0) next += found.length;
                  ahead = ahead.slice(found.length);
                  return { rows: found.map((line) => ({ number: Number(line) + 1 })) };
                }
                if (sample) break;
                await new Promise((resolve) => setTimeout(resolve, 1));
              }
              return null;
            },
            position: () => next,
            close() {
              isClosed = true;
              clearInterval(timer);
            },
          };
        },
      };
    }
    const grows: SourceHarness = {
      params: () => ({}),
      make: (folder, rows) => append(folder, 0, rows),
      add: append,
      numberOf: counted.numberOf,
    };
    function append(folder: string, from: number, to: number): void {
      for (let n = from; n < to; n++) appendFileSync(join(folder, 'in.txt'), `${n}\n`);
    }

    it.each([
      ['and does not hear that the run is cancelled', followed({ hears: false }), 'cancelled while it waits for rows, it ends within a second'],
      ['and does not hear that it is closed', followed({ hears: false }), 'closed while it waits for rows, it ends within a second'],
      ['and does not wake', followed({ wakes: false }), 'rows that come while it waits wake it'],
      ['and reads what nobody has asked for', followed({ hurries: true }), 'rows that come while nobody reads wait for their turn'],
    ] as const)('%s fails', async (_, definition, test) => {
      expect(await failureOf(sourceTests(definition, grows, { patience }), test)).not.toBeNull();
    });

    it('and is sound passes', async () => {
      expect(await failuresOf(sourceTests(followed(), grows))).toEqual([]);
    });
  });
});
