/** The contract suite can fail: sinks that break one promise each, and the test that says so. */
import { appendFileSync, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { SinkContext, SinkDefinition, Writer } from '@millrace/kit/node';
import { sinkTests } from '@millrace/kit/testing/sink-contract';
import type { SinkHarness } from '@millrace/kit/testing/sink-trial';
import { beforeAll, describe, expect, it } from 'vitest';
import type { Json, Row } from '../../model/values/types.ts';
import sinkTemplate from '../../nodes/_template-sink.ts';
import { definitions } from '../../nodes/index.ts';
import sinkSettings from './contracts/_template-sink.ts';
import lineSettings from './contracts/jsonl-output.ts';
import { failureOf, failuresOf, type Parts, patience } from './suite-failures.ts';

/** With params and ports as the suite gives them. */
const template: SinkDefinition = sinkTemplate;
type SinkRuns = (context: SinkContext, sound: () => Writer) => Writer;

// Mutants change what the sound sinks open: that comes at once where their code is there.
beforeAll(async () => {
  for (const each of [template, ...definitions]) if ('code' in each) await each.code?.load();
});

describe('a sink', () => {
  const plain = sinkSettings['a file that is replaced'];
  const sink = (run: SinkRuns): SinkDefinition => ({ ...template, run: (context) => run(context, () => template.run(context) as Writer) });
  /** The sound writer with some of its functions changed. */
  const changed =
    (change: (sound: Writer, context: SinkContext) => Parts<Writer>): SinkRuns =>
    (context, open) => {
      const sound = open();
      return { ...sound, ...change(sound, context) };
    };
  const file = (context: SinkContext) => context.path(context.params['path'] as string);

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
          prepare(checkpoint) {
            [prepared, kept] = [kept, []];
            return sound.prepare!(checkpoint);
          },
          async commit(checkpoint) {
            await sound.commit(checkpoint);
            await sound.write(prepared.splice(0));
            await sound.commit();
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
      (context) => template.run({ ...context, resume: null }) as Writer,
      'killed after a commit, it keeps each row',
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
      (context) => template.run({ ...context, guard: () => {} }) as Writer,
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

describe('a sink that takes parts', () => {
  const sound = definitions.find(({ type }) => type === 'jsonl-output') as SinkDefinition;
  const harness = lineSettings['a file that is replaced'];
  const joined = 'rows of parts come behind those of the writer, part by part, with its commit';
  const target = (context: { path(path: string): string }) => context.path('out.jsonl');
  const joining = (join: (finished: Json, context: SinkContext) => void): SinkDefinition => ({
    ...sound,
    async run(context) {
      const writer = await sound.run(context);
      const own = writer.join!.bind(writer);
      writer.join = async (finished) => {
        join(finished, context);
        await own(finished);
      };
      return writer;
    },
  });

  it.each<[what: string, sink: SinkDefinition, test: string]>([
    ['that shows their rows when it joins them', joining((finished, context) => appendFileSync(target(context), readFileSync(finished as string))), joined],
    ['that joins none of their rows', joining((finished) => writeFileSync(finished as string, '')), joined],
    [
      'whose parts are written to the output itself',
      { ...sound, openPart: (context) => sound.openPart!({ ...context, part: target(context) }) },
      'killed with a part that is finished, a run leaves the output as it was, and the next one nothing of it',
    ],
    [
      'that leaves finished parts behind',
      {
        ...sound,
        async openPart(context) {
          const part = await sound.openPart!(context);
          const finish = part.finish.bind(part);
          part.finish = async () => {
            writeFileSync(`${context.part as string}.copy`, '');
            return finish();
          };
          return part;
        },
      },
      'aborted with a part that is finished, a run leaves the output as it was, and the next one nothing of it',
    ],
  ])('%s fails', async (_, sink, test) => {
    expect(await failureOf(sinkTests(sink, harness, { patience }), test)).not.toBeNull();
  });
});
