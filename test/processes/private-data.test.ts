/** What Millrace keeps of its own is its owner's alone, and what others wait for is told, from the build. */
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { formatPipeline } from '../../engine/document/file.ts';
import { Inbox } from '../../nodes/http/runtime/inbox.ts';
import { endRuns } from '../background-runs.ts';
import { millrace } from '../command-line.ts';
import { node, pipeline } from './run-trial.ts';

let folder: string;
let data: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'millrace-private-'));
  data = join(folder, 'data');
});
afterEach(async () => {
  await endRuns(data);
  rmSync(folder, { recursive: true, force: true });
});

function write(target: string): string {
  const file = join(folder, 'a.millrace.json');
  const nodes = { source: node('generator', { count: 20 }), out: node('jsonl-output', { path: target }) };
  writeFileSync(file, formatPipeline(pipeline(nodes, ['source -> out'])));
  return file;
}

/** Paths below a folder that others than the owner have a right to. */
function open(path: string): string[] {
  const found = statSync(path);
  const inside = found.isDirectory() ? readdirSync(path).flatMap((name) => open(join(path, name))) : [];
  return (found.mode & 0o077) === 0 ? inside : [path, ...inside];
}

describe.skipIf(process.platform === 'win32')('the data folder', () => {
  it("lets nobody else in, takes from others what they could read before, and leaves users' outputs as they are", async () => {
    const before = process.umask(0o022);
    try {
      mkdirSync(join(data, 'autosave'), { recursive: true });
      writeFileSync(join(data, 'autosave', 'old.json'), '{}');
      chmodSync(join(data, 'autosave', 'old.json'), 0o644);
      const ran = await millrace(['run', write('o.jsonl'), '--commit', 'checkpoint'], folder, { MILLRACE_DATA: data });
      expect(ran).toMatchObject({ code: 0 });
    } finally {
      process.umask(before);
    }
    expect(readdirSync(data)).toContain('runs.db');
    expect(open(data)).toEqual([]);
    expect(statSync(join(folder, 'o.jsonl')).mode & 0o777).toBe(0o644);
  });
});

describe.skipIf(process.platform === 'win32')('rows that came from outside and are kept beside a pipeline', () => {
  const mode = (name: string) => statSync(join(folder, name)).mode & 0o777;
  it("are their owner's alone, unless that has decided otherwise", async () => {
    const before = process.umask(0o022);
    try {
      const file = join(folder, 'a.millrace.json');
      const failing = 'export default function step(row: Row) {\n  if (row.sensor) throw new Error("no");\n  return { a: 1 };\n}';
      const nodes = {
        source: node('generator', { count: 3 }),
        step: { ...node('code', { code: failing }), onError: 'keep' as const },
        out: node('sqlite-table', { path: 'out.db', table: 't' }),
      };
      writeFileSync(file, formatPipeline(pipeline(nodes, ['source -> step', 'step -> out'])));
      const run = () => millrace(['run', file], folder, { MILLRACE_DATA: data });
      expect(await run()).toMatchObject({ code: 0 });
      expect([mode('a.errors.db'), mode('out.db')]).toEqual([0o600, 0o644]);
      chmodSync(join(folder, 'a.errors.db'), 0o640);
      rmSync(join(folder, 'out.db'));
      expect(await run()).toMatchObject({ code: 0 });
      expect(mode('a.errors.db')).toBe(0o640);
      new Inbox(join(folder, 'inbox.db'), { columns: [] }).close();
      expect(open(folder).filter((path) => path.includes('inbox'))).toEqual([]);
    } finally {
      process.umask(before);
    }
  });
});

it.skipIf(process.platform === 'win32')('a start that may open few files says so, and prints no stack', async () => {
  const said: string[] = [];
  for (const most of [18, 20, 21, 22, 23, 24, 30]) {
    const start = `ulimit -n ${most}; exec ${process.execPath} ${join(import.meta.dirname, '..', '..', 'bin', 'millrace.mjs')} run ${write('o.jsonl')}`;
    const { stderr, status } = spawnSync('/bin/sh', ['-c', start], { encoding: 'utf8', env: { ...process.env, MILLRACE_DATA: data } });
    expect(status).not.toBe(0);
    said.push(stderr);
  }
  // With the fewest, Node cannot read the first of our files.
  const ours = said.filter((text) => !/bin\/(millrace|build)\.mjs'/.test(text));
  expect(ours.join('\n')).not.toMatch(/\n {4}at /);
  expect(said.filter((text) => /files may be open at once here/.test(text)).length).toBeGreaterThanOrEqual(3);
});

it.skipIf(process.platform === 'win32')('a run that follows more files than it may open says so, and loses no process', () => {
  for (let i = 0; i < 100; i++) writeFileSync(join(folder, `${i}.log`), 'a line\n');
  const file = join(folder, 'a.millrace.json');
  const nodes = { source: node('file-tail', { path: '*.log', format: 'text' }), out: node('jsonl-output', { path: 'o.jsonl' }) };
  writeFileSync(file, formatPipeline(pipeline(nodes, ['source -> out'])));
  const start = `ulimit -n 100; exec ${process.execPath} ${join(import.meta.dirname, '..', '..', 'bin', 'millrace.mjs')} run ${file}`;
  const { stderr, status } = spawnSync('/bin/sh', ['-c', start], { encoding: 'utf8', env: { ...process.env, MILLRACE_DATA: data } });
  expect(stderr).toMatch(/\*\.log names more files than may be open at once here: \d\d of them are\.\n.*ulimit/);
  expect(stderr).not.toMatch(/unexpectedly/);
  expect(status).toBe(1);
});

describe('a run in the background', () => {
  it('that is refused is told by the command that started it', async () => {
    const { code, output, errors } = await millrace(['run', write('no/such/folder/o.jsonl'), '--detach'], folder, { MILLRACE_DATA: data });
    expect({ code, output }).toEqual({ code: 1, output: '' });
    expect(errors).toContain('no/such/folder');
  });

  it('cannot be kept where a file is in the place of the data folder, and says so', async () => {
    writeFileSync(data, '');
    const { code, errors } = await millrace(['run', write('o.jsonl'), '--detach'], folder, { MILLRACE_DATA: data });
    expect(code).toBe(2);
    expect(errors).toContain('a file is in its place');
    expect(errors).not.toContain('fault of Millrace');
    rmSync(data);
  });
});
