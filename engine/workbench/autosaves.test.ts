import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Writable } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { emptyPipeline } from '../document/pipeline.ts';
import { Autosaves } from './autosaves.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'millrace-autosaves-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** A copy that another process has written. */
async function keptBy(pid: number): Promise<Autosaves> {
  const autosaves = new Autosaves(folder);
  await autosaves.write({ id: 'a', path: null, folder, trusted: true, stamp: null, pipeline: emptyPipeline });
  const [name] = readdirSync(join(folder, 'autosave'));
  const file = join(folder, 'autosave', name!);
  writeFileSync(file, JSON.stringify({ ...JSON.parse(readFileSync(file, 'utf8')), process: pid }));
  return autosaves;
}

describe('autosaved copies', () => {
  it('are offered once the process that keeps them has ended', async () => {
    const other = spawn(process.execPath, ['-e', 'setTimeout(() => {}, 20_000)']);
    const autosaves = await keptBy(other.pid!);
    expect(await autosaves.list()).toEqual([]);
    other.kill('SIGKILL');
    await once(other, 'exit');
    expect(await autosaves.list()).toMatchObject([{ id: 'a', name: 'Untitled' }]);
  });

  it.skipIf(process.platform !== 'linux')('are offered although that process is still listed, since nobody asked how it ended', async () => {
    // The shell becomes a program that never waits for its children; one of them ends only after that, as the shell itself might wait for
    // it.
    const parent = spawn('sh', ['-c', 'cat <&3 & echo $!; exec sleep 60 3<&-'], { stdio: ['ignore', 'pipe', 'ignore', 'pipe'] });
    try {
      const [text] = (await once(parent.stdout!, 'data')) as [Buffer];
      const pid = Number(text.toString());
      await expect.poll(() => readFileSync(`/proc/${parent.pid}/comm`, 'utf8')).toBe('sleep\n');
      (parent.stdio[3] as Writable).end();
      await expect.poll(() => readFileSync(`/proc/${pid}/stat`, 'utf8')).toMatch(/\) Z /);
      expect(await (await keptBy(pid)).list()).toHaveLength(1);
    } finally {
      parent.kill('SIGKILL');
    }
  });
});
