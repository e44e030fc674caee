/** CONTRIBUTING shows how to add a node in one file: that file is short, and it works. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { NodeDefinition } from '@millrace/kit/node';
import { afterAll, describe, expect, it } from 'vitest';
import { Catalogue } from '../../engine/plan/catalogue.ts';
import { definitions } from '../../nodes/index.ts';
import { runExample } from './harness.ts';

const project = join(import.meta.dirname, '..', '..');
const shown = /```ts\n([\s\S]*?)```/.exec(readFileSync(join(project, 'CONTRIBUTING.md'), 'utf8'))![1]!;
const folder = mkdtempSync(join(tmpdir(), 'millrace-contributing-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('the node that CONTRIBUTING shows', async () => {
  const file = join(folder, 'shown.ts');
  mkdirSync(folder, { recursive: true });
  writeFileSync(file, shown.replaceAll("'../../kit/", `'${project}/kit/`));
  const { default: definition } = (await import(/* @vite-ignore */ pathToFileURL(file).href)) as { default: NodeDefinition };

  it('is one file of under 60 lines', () => {
    expect(shown.split('\n').length).toBeLessThan(60);
  });

  it('joins the catalogue without another edit', () => {
    expect(
      new Catalogue([...definitions, definition])
        .manifests()
        .map(({ type }) => type)
        .includes(definition.type),
    ).toBe(true);
  });

  it.each(definition.examples.map((example) => [example.title, example] as const))('%s', async (_title, example) => {
    const { outputs, problems, failures } = await runExample(definition, example, { folder, batchSize: 1 });
    expect([...problems, ...failures]).toEqual([]);
    expect(outputs).toEqual(example.outputs);
  });
});
