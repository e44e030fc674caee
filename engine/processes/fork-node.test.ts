import { expect, test } from 'vitest';
import { Client } from '../protocol/connection.ts';
import type { RunProtocol } from '../protocol/run-api.ts';
import { forkNode } from './fork-node.ts';

test('a process that ended before anybody asked is told to be gone', async () => {
  const process = forkNode('run');
  const exited = () => new Promise<string>((resolve) => process.onExit((_, reason) => resolve(reason)));
  const first = exited();
  process.kill();
  expect(await first).toMatch(/SIGKILL/);
  expect(await exited()).toMatch(/SIGKILL/);
  await expect(new Client<RunProtocol>(process.port).request('pause', {})).rejects.toMatchObject({ problem: { code: 'engine/gone' } });
});
