/** The contract suite can fail: nodes that break one promise each, and the test that says so. */
import { appendFileSync, existsSync, openSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Json, Row } from '../../engine/schema/types.ts';
import sinkTemplate from '../../nodes/_template-sink.ts';
import sourceTemplate from '../../nodes/_template-source.ts';
import type { Reader, SinkContext, SinkDefinition, SourceBatch, SourceContext, SourceDefinition, Writer } from '../../nodes/kit/node.ts';
import type { ContractTest } from '../../nodes/kit/testing/contract.ts';
import { sinkTests } from '../../nodes/kit/testing/sink-contract.ts';
import type { SinkHarness } from '../../nodes/kit/testing/sink-trial.ts';
import { sourceTests } from '../../nodes/kit/testing/source-contract.ts';
import type { SourceHarness } from '../../nodes/kit/testing/source-trial.ts';
import sinkSettings from './contracts/_template-sink.ts';
import sourceSettings from './contracts/_template-source.ts';

/** What is broken costs this much, in milliseconds. */
const patience = 300;
type Parts<T> = { -readonly [K in keyof T]?: T[K] };
type SinkRuns = (context: SinkContext<any>, sound: () => Writer) => Writer;

/** How the test of this name fails. */
async function failureOf(tests: readonly ContractTest[], name: string): Promise<string | null> {
  const test = tests.find((each) => each.name === name);
  if (!test) throw new Error(`The suite has no test "${name}" for it`);
  return test.run().then(
    () => null,
    (error: Error) => error.message,
  );
}

async function failuresOf(tests: readonly ContractTest[]): Promise<(string | null)[]> {
  const failures: (string | null)[] = [];
  for (const { name } of tests) failures.push(await failureOf(tests, name));
  return failures.filter((failure) => failure !== null);
}

describe('a sink', () => {
  const plain = sinkSettings['a file that is replaced'];
  const sink = (run: SinkRuns): SinkDefinition<any> => ({ ...sinkTemplate, run: (context) => run(context, () => sinkTemplate.run(context) as Writer) });
  /** The sound writer with some of its functions changed. */
  const changed =
    (change: (sound: Writer, context: SinkContext<any>) => Parts<Writer>): SinkRuns =>
    (context, open) => {
      const sound = open();
      return { ...sound, ...change(sound, context) };
    };
  const file = (context: SinkContext<any>) => context.path(context.params.path);

  const mutants: readonly (readonly [what: string, run: SinkRuns, test: string, harness?: SinkHarness])[] = [
    [
      'that keeps rows until its commit',
      changed((sound) => {
        const kept: Row[] = [];
        return {
          write: (rows) => void kept.push(...rows),
          async commit(checkpoint) {
            await sound.write(kept.splice(0));
            await sound.prepare!(checkpoint ?? 0);
            await sound.commit(checkpoint);
          },
          prepare: () => ({ base: null, before: '', part: null, length: 0, end: '' }),
        };
      }),
      'rows that wait for a commit do not wait in memory (commits: end)',
    ],
    [
      'that keeps rows until it is prepared',
      changed((sound) => {
        const kept: Row[] = [];
        return {
          write: (rows) => void kept.push(...rows),
          async prepare(checkpoint) {
            await sound.write(kept.splice(0));
            return sound.prepare!(checkpoint);
          },
        };
      }),
      'rows that wait for a commit do not wait in memory (commits: checkpoint)',
    ],
    [
      'that keeps prepared rows in memory',
      changed((sound) => {
        let kept: Row[] = [];
        let prepared: Row[] = [];
        return {
          write: (rows) => void kept.push(...rows),
          prepare() {
            [prepared, kept] = [kept, []];
            return null;
          },
          async commit(checkpoint) {
            await sound.write(prepared.splice(0));
            await sound.prepare!(checkpoint ?? 0);
            await sound.commit(checkpoint);
          },
        };
      }),
      'killed with the checkpoint decided, it keeps each row',
    ],
    [
      'that commits while it prepares',
      changed((sound) => ({
        async prepare(checkpoint) {
          const token = await sound.prepare!(checkpoint);
          await sound.commit(checkpoint);
          return token;
        },
        commit() {},
      })),
      'prepare shows nothing, commit what was prepared, and rows that follow wait for the next one',
    ],
    ['that leaves rows behind when it aborts', changed((sound) => ({ abort: () => sound.commit() })), 'abort leaves the output as it was'],
    [
      'that does not abort what was prepared',
      changed((sound) => {
        let isPrepared = false;
        return {
          prepare(checkpoint) {
            isPrepared = true;
            return sound.prepare!(checkpoint);
          },
          abort: () => (isPrepared ? sound.close() : sound.abort()),
        };
      }),
      'abort undoes what was prepared for the end',
    ],
    [
      'that commits rows which follow prepare',
      (context, open) => {
        const [sound, later] = [open(), [] as Row[][]];
        let isPrepared = false;
        const flush = async () => {
          for (const rows of later.splice(0)) appendFileSync(file(context), rows.map((row) => `${JSON.stringify(row)}\n`).join(''));
        };
        return {
          ...sound,
          write: (rows) => (isPrepared ? void later.push([...rows]) : sound.write(rows)),
          prepare(checkpoint) {
            isPrepared = true;
            return sound.prepare!(checkpoint);
          },
          async commit(checkpoint) {
            await sound.commit(checkpoint);
            isPrepared = false;
            await flush();
          },
        };
      },
      'prepare shows nothing, commit what was prepared, and rows that follow wait for the next one',
    ],
    [
      'that takes no notice of what it is to go on from',
      (context) => sinkTemplate.run({ ...context, resume: null }) as Writer,
      'killed after a commit, it keeps each row',
    ],
    [
      'that goes on, and commits no more what was decided',
      (context) => {
        const { resume } = context;
        const token = resume && { ...(resume.token as object), base: null, part: null, length: 0, end: '' };
        const isThere = existsSync(file(context));
        return sinkTemplate.run({ ...context, resume: isThere && resume ? { ...resume, token: token as Json } : null }) as Writer;
      },
      'killed with the checkpoint decided, it keeps each row',
    ],
    [
      'that shows rows as they come',
      changed((sound, context) => ({
        write(rows) {
          appendFileSync(file(context), rows.map((row) => `${JSON.stringify(row)}\n`).join(''));
          return sound.write(rows);
        },
      })),
      'a run that ends shows its rows with its commit, and none before',
    ],
    [
      'that asks for nothing to be undone',
      (context) => sinkTemplate.run({ ...context, guard: () => {} }) as Writer,
      'a run that ends and is ended by force leaves the output as it was',
    ],
    [
      'that removes what is there before it commits',
      (context, open) => {
        if (!context.resume) rmSync(file(context), { force: true });
        return open();
      },
      'abort leaves the output as it was',
    ],
    [
      'that puts its rows into its token',
      changed((sound) => {
        const kept: Row[] = [];
        return {
          write(rows) {
            kept.push(...rows);
            return sound.write(rows);
          },
          prepare: async (checkpoint) => ({ ...((await sound.prepare!(checkpoint)) as object), rows: kept }) as unknown as Json,
        };
      }),
      'a token is small, and plain JSON',
    ],
    [
      'that cannot commit without rows',
      changed((sound) => {
        let rows = 0;
        return {
          write(batch) {
            rows += batch.length;
            return sound.write(batch);
          },
          commit(checkpoint) {
            if (rows === 0) throw new Error('Nothing to commit');
            rows = 0;
            return sound.commit(checkpoint);
          },
        };
      }),
      'checkpoints without rows change nothing',
    ],
    [
      'that drops rows while it is kept from writing',
      changed((sound, context) => ({ write: (rows) => (existsSync(`${file(context)}.lock`) ? undefined : sound.write(rows)) })),
      'kept from writing, it holds the run up and loses nothing',
      blockable(),
    ],
    [
      'that waits whatever happens',
      changed((sound, context) => ({
        async write(rows) {
          while (existsSync(`${file(context)}.lock`)) await new Promise((resolve) => setTimeout(resolve, 5));
          await sound.write(rows);
        },
      })),
      'cancelled while it is kept from writing, it ends within a second',
      blockable(),
    ],
  ];

  /** The template's, where a file beside the output keeps it from writing. */
  function blockable(): SinkHarness {
    const at = (folder: string) => join(folder, 'rows.txt.lock');
    return {
      ...plain,
      block(folder) {
        appendFileSync(at(folder), '');
        return () => rmSync(at(folder));
      },
    };
  }

  it.each(mutants.map(([what, run, test, harness = plain]) => ({ what, run, test, harness })))('$what fails', async ({ run, test, harness }) => {
    expect(await failureOf(sinkTests(sink(run), harness, { patience }), test)).not.toBeNull();
  });

  it('that is sound passes', async () => {
    const waits: SinkRuns = changed((sound, context) => ({
      async write(rows) {
        while (existsSync(`${file(context)}.lock`)) {
          if (context.signal.aborted) throw new Error('Cancelled');
          await new Promise((resolve) => setTimeout(resolve, 5));
        }
        await sound.write(rows);
      },
    }));
    expect(await failuresOf(sinkTests(sink(waits), blockable()))).toEqual([]);
  });
});

describe('a source', () => {
  const counted = sourceSettings['numbers from one on'];
  type SourceRuns = (context: SourceContext<any>, sound: () => Reader) => Reader;
  const source = (run: SourceRuns): SourceDefinition<any> => ({
    ...sourceTemplate,
    run: (context) => run(context, () => sourceTemplate.run(context) as Reader),
  });
  const changed =
    (change: (sound: Reader, context: SourceContext<any>) => Parts<Reader>): SourceRuns =>
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
    [
      'that begins anew wherever it was',
      (context) => sourceTemplate.run({ ...context, start: null }) as Reader,
      'killed after each row, it gives each row once',
    ],
    [
      'that loses its first row when it is killed before it',
      changed((sound) => ({ position: () => Math.max(2, sound.position() as number) })),
      'killed before its first row, it begins anew',
    ],
    [
      'whose batches are larger than asked for',
      (context) => sourceTemplate.run({ ...context, batchSize: 1000 }) as Reader,
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
    function followed({ hears = true, wakes = true, hurries = false } = {}): SourceDefinition<any> {
      return {
        ...sourceTemplate,
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
