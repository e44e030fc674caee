/** The templates that new nodes start from are themselves nodes that keep their promises. */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Example, NodeDefinition } from '@millrace/kit/node';
import { SinkRun } from '@millrace/kit/testing/sink-run';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import transform from '../../nodes/_template.ts';
import sink from '../../nodes/_template-sink.ts';
import source from '../../nodes/_template-source.ts';
import { runExample } from './harness.ts';
import { readWritten } from './outcome.ts';

const templates: [string, NodeDefinition][] = [
  ['_template.ts', transform],
  ['_template-source.ts', source],
  ['_template-sink.ts', sink],
];

describe.each(templates)('%s', (file, template) => {
  it('is under 60 lines', async () => {
    const text = await readFile(join(import.meta.dirname, '../../nodes', file), 'utf8');
    expect(text.split('\n').length).toBeLessThan(60);
  });

  it.each(template.examples.map((example): [string, Example<any>] => [example.title, example]))('%s', async (_, example) => {
    const folder = await mkdtemp(join(tmpdir(), 'millrace-template-'));
    try {
      const { outputs, problems, failures } = await runExample(template, example, { folder, batchSize: 1 });
      if (example.outputs) expect(outputs).toEqual(example.outputs);
      if (example.writes) expect(await readWritten(folder, example.writes)).toEqual(example.writes);
      expect([...problems, ...failures].map(({ message }) => message)).toEqual((example.failures ?? []).map((text) => expect.stringContaining(text)));
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});

describe('the sink that others are copied from', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'millrace-template-'));
  });
  afterEach(() => rm(folder, { recursive: true }));
  const schema = { columns: [{ name: 'n', type: 'integer', nullable: false }] } as const;
  const spec = { definition: sink, params: { path: 'rows.txt' } };
  const rowsOf = (count: number) => Array.from({ length: count }, (_, n) => ({ n }));
  const written = async () =>
    (await readFile(join(folder, 'rows.txt'), 'utf8'))
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line).n as number);

  it('takes many rows at once', async () => {
    const run = new SinkRun(folder, { commits: 'end' });
    const writer = await run.open(spec, schema);
    await writer.write(rowsOf(200_000));
    await writer.commit();
    await run.close();
    expect(await written()).toHaveLength(200_000);
  });
});
