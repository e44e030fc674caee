import { spawn } from 'node:child_process';
import { linkSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { MillraceError } from '../../model/problems/problem.ts';
import { lockOutputs, type OutputClaim, unlockOutputs } from './output-locks.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'millrace-output-locks-'));
});
afterEach(() => rmSync(folder, { recursive: true }));
const at = (name: string) => join(folder, name);
const lock = (run: string, claim: Partial<OutputClaim> = {}) =>
  lockOutputs([{ path: at('out.jsonl'), node: 'out', ...claim }], { run, pipeline: `The ${run}` });
const problemOf = (action: () => unknown) => {
  try {
    action();
  } catch (error) {
    if (error instanceof MillraceError) return error.problem;
    throw error;
  }
  return null;
};

test('one run writes a file at a time, by whatever name', () => {
  writeFileSync(at('out.jsonl'), '');
  symlinkSync(at('out.jsonl'), at('link'));
  symlinkSync(folder, `${folder}/self`);
  const first = lock('first');
  for (const path of [at('out.jsonl'), at('link'), at('self/out.jsonl'), at('./self/../link')]) {
    expect(problemOf(() => lock('second', { path }))).toMatchObject({
      code: 'output/in-use',
      node: 'out',
      message: expect.stringMatching(/being written by the pipeline "The first" \(run first, process \d+, since 2/),
    });
  }
  unlockOutputs(lock('second', { path: at('other.jsonl') }));
  unlockOutputs(first);
  expect(problemOf(() => lock('second'))).toBe(null);
});

test('a hard link is the same file, in its own folder and in another, whichever name came first and whatever part is written', () => {
  mkdirSync(at('other'));
  const first = lock('first', { part: 'a', isShared: true });
  writeFileSync(at('out.jsonl'), '');
  const names = [at('hard.jsonl'), at('other/hard.jsonl')];
  for (const name of names) linkSync(at('out.jsonl'), name);
  const refusal = { code: 'output/in-use', message: expect.stringContaining(`by another name, ${at('out.jsonl')}, by the pipeline "The first"`) };
  for (const path of names) expect(problemOf(() => lock('second', { path, part: 'b', isShared: true }))).toMatchObject(refusal);
  unlockOutputs(first);
  const second = lock('second', { path: names[1] });
  expect(problemOf(() => lock('third'))?.code).toBe('output/in-use');
  unlockOutputs(second);
  unlockOutputs(lock('third'));
  expect(readdirSync(folder).sort()).toEqual(['hard.jsonl', 'other', 'out.jsonl']);
  expect(readdirSync(at('other'))).toEqual(['hard.jsonl']);
});

test('of a file that is not there yet, too', () => {
  symlinkSync(folder, at('self'));
  lock('first');
  expect(problemOf(() => lock('second', { path: at('self/out.jsonl') }))?.code).toBe('output/in-use');
});

test('a refused run leaves no lock behind, of none of its outputs', () => {
  lock('first');
  const before = readdirSync(folder);
  expect(
    problemOf(() =>
      lockOutputs(
        [
          { path: at('a'), node: 'a' },
          { path: at('out.jsonl'), node: 'b' },
        ],
        { run: 'second', pipeline: 'Two' },
      ),
    ),
  ).toMatchObject({ node: 'b' });
  expect(readdirSync(folder)).toEqual(before);
});

test('parts of one file are apart, and shared ones may be shared', () => {
  lock('first', { part: 'a', isShared: true });
  lock('second', { part: 'a', isShared: true });
  lock('third', { part: 'b' });
  for (const claim of [{ part: 'a' }, { part: 'b', isShared: true }, {}]) expect(problemOf(() => lock('fourth', claim))?.code).toBe('output/in-use');
});

test('the sinks of one run are not in the way of each other, nor are those of its earlier attempts', () => {
  lock('first', { part: 'a' });
  expect(problemOf(() => lock('first', { part: 'a' }))).toBe(null);
});

test('what a killed process has left is taken over at once', async () => {
  const module = pathToFileURL(join(import.meta.dirname, 'output-locks.ts')).href;
  const code = `(await import(${JSON.stringify(module)})).lockOutputs([{ path: ${JSON.stringify(at('out.jsonl'))}, node: 'out' }], { run: 'killed', pipeline: 'Killed' }); console.log('locked'); setInterval(() => {}, 1000);`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', code], { stdio: ['ignore', 'pipe', 'inherit'] });
  await new Promise((resolve) => child.stdout.once('data', resolve));
  expect(problemOf(() => lock('second'))).toMatchObject({ code: 'output/in-use', message: expect.stringContaining('"Killed"') });
  const gone = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGKILL');
  await gone;
  expect(problemOf(() => lock('second'))).toBe(null);
  expect(readdirSync(folder)).toHaveLength(1);
});

test('of many that come at the same moment, one wins', async () => {
  const module = pathToFileURL(join(import.meta.dirname, 'output-locks.ts')).href;
  const code = `process.once('message', async () => { const { lockOutputs } = await import(${JSON.stringify(module)}); try { lockOutputs([{ path: ${JSON.stringify(at('out.jsonl'))}, node: 'out' }], { run: String(process.pid), pipeline: 'P' }); process.send('won'); } catch (error) { process.send(error.problem?.code ?? String(error)); } process.once('message', () => process.exit()); }); process.send('ready');`;
  const children = Array.from({ length: 4 }, () =>
    spawn(process.execPath, ['--input-type=module', '-e', code], { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] }),
  );
  const heard = () => Promise.all(children.map((child) => new Promise<unknown>((resolve) => child.once('message', resolve))));
  await heard();
  const answers = heard();
  for (const child of children) child.send('go');
  expect((await answers).toSorted()).toEqual(['output/in-use', 'output/in-use', 'output/in-use', 'won']);
  for (const child of children) child.send('end');
});

test('a device, a folder and a place that is not there are for the sink to tell', () => {
  mkdirSync(at('folder'));
  for (const path of ['/dev/null', at('folder'), at('no/such/file')]) expect(lock('first', { path })).toEqual([]);
});
