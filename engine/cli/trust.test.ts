import { mkdirSync, mkdtempSync, realpathSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { formatPipeline } from '../document/file.ts';
import { emptyPipeline } from '../document/pipeline.ts';
import { inspect } from './inspect.ts';
import { addTrust, listTrust } from './trust.ts';

let home: string;
let said = '';
beforeEach(() => {
  home = realpathSync(mkdtempSync(join(tmpdir(), 'millrace-trust-')));
  vi.stubEnv('MILLRACE_DATA', join(home, 'data'));
  said = '';
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
    said += text;
    return true;
  });
});
afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
  rmSync(home, { recursive: true, force: true });
});

it('a pipeline whose output leads elsewhere through a link is trusted only where that was seen, and inspected with its real place', async () => {
  for (const folder of ['mine', 'shared', 'precious']) mkdirSync(join(home, folder));
  symlinkSync('../precious', join(home, 'shared', 'out'));
  const path = join(home, 'shared', 'out', 'rows.csv');
  const file = join(home, 'mine', 'theirs.millrace.json');
  const nodes = {
    rows: { type: 'generator', typeVersion: 1, params: { count: 1 } },
    out: { type: 'csv-output', typeVersion: 1, params: { path } },
  };
  writeFileSync(file, formatPipeline({ ...emptyPipeline, nodes, edges: [{ from: { node: 'rows', port: 'rows' }, to: { node: 'out', port: 'rows' } }] }));
  const real = join(home, 'precious', 'rows.csv');
  await inspect(file, {});
  // Nothing that an untrusted file names is looked at.
  expect(said).not.toContain(real);
  const refusal = { problem: { code: 'trust/links', message: expect.stringContaining(`${path} is ${real}`) } };
  await expect(addTrust([file], {})).rejects.toMatchObject(refusal);
  await addTrust([file], { force: true });
  await inspect(file, {});
  expect(said).toContain(`${path} -> ${real}`);
});

it('a trusted folder that is a link now is told as changed', async () => {
  mkdirSync(join(home, 'pipelines'));
  await addTrust([join(home, 'pipelines')], {});
  await listTrust({});
  expect(said).toContain('unchanged');
  renameSync(join(home, 'pipelines'), join(home, 'other'));
  symlinkSync('other', join(home, 'pipelines'));
  said = '';
  await listTrust({});
  expect(said).toContain('changed');
  expect(said).not.toContain('unchanged');
});
