import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test, vi } from 'vitest';
import { runsFolder } from '../store/data-folder.ts';
import type { Keeper } from './keeper.ts';
import { makeKnown } from './make-known.ts';
import { readEntries } from './registry.ts';

test('a run that cannot be noted at its start, such as on a full disk, is found as soon as it can be', { timeout: 30_000 }, async () => {
  const data = mkdtempSync(join(tmpdir(), 'millrace-make-known-'));
  const log = vi.fn();
  const keeper = {
    job: { id: 'one', name: 'One', path: null, options: { commits: 'end' } },
    summary: { id: 'one', pipeline: 'One', state: 'running', startedAt: 1, endedAt: null, problems: [], stats: {}, checkpoint: null },
    hasEnded: false,
    onChanged: () => () => {},
    onLogged: () => () => {},
    log,
  } as unknown as Keeper;
  writeFileSync(runsFolder(data), 'no folder can be made here');
  const forget = await makeKnown(keeper, data, 20);
  try {
    expect(log.mock.calls).toEqual([['warning', expect.stringMatching(/^The run is not in the list of runs: .* Millrace tries again until it works\.$/)]]);
    expect(readEntries(data)).toEqual([]);
    rmSync(runsFolder(data));
    await expect.poll(() => readEntries(data), { timeout: 20_000 }).toMatchObject([{ id: 'one', state: 'running' }]);
    await expect.poll(() => log.mock.calls.at(-1)).toEqual(['info', 'The run is in the list of runs now.']);
    expect(log).toHaveBeenCalledTimes(2);
  } finally {
    forget();
  }
  expect(readEntries(data)).toEqual([]);
  rmSync(data, { recursive: true });
});
