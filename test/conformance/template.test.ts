/** The template that new nodes start from is itself a node that keeps its promises. */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import template from '../../nodes/_template.ts';
import { runExample } from './harness.ts';

it('is under 60 lines', async () => {
  const text = await readFile(join(import.meta.dirname, '../../nodes/_template.ts'), 'utf8');
  expect(text.split('\n').length).toBeLessThan(60);
});

it.each(template.examples.map((example) => [example.title, example] as const))('%s', async (_, example) => {
  const folder = await mkdtemp(join(tmpdir(), 'millrace-template-'));
  try {
    const { outputs, problems, failures } = await runExample(template, example, { folder, batchSize: 1 });
    if (example.outputs) expect(outputs).toEqual(example.outputs);
    expect([...problems, ...failures].map(({ message }) => message)).toEqual((example.failures ?? []).map((text) => expect.stringContaining(text)));
  } finally {
    await rm(folder, { recursive: true });
  }
});
