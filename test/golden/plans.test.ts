/** What `--explain` says of every example: test/golden/plans. `vitest -u` writes the expectations anew; read their diff. */
import { readdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import { expect, test } from 'vitest';
import { load } from '../../engine/cli/load.ts';
import { fileExtension } from '../../engine/document/file.ts';
import { explainPlan } from '../../engine/plan/explain.ts';

const examples = join(import.meta.dirname, '../../examples');
const files = readdirSync(examples).filter((name) => name.endsWith(fileExtension));

test.each(files)('%s', { timeout: 60_000 }, async (file) => {
  const { plan } = await load(join(examples, file));
  const text = explainPlan(await plan({ keepErrors: file.startsWith('flight') }));
  await expect(text).toMatchFileSnapshot(join(import.meta.dirname, 'plans', `${basename(file, fileExtension)}.txt`));
});
