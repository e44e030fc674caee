import { mkdtempSync, rmSync } from 'node:fs';
import type { Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { Service } from '../protocol/connection.ts';
import type { KeeperProtocol } from '../protocol/keeper-api.ts';
import type { RunSummary } from '../protocol/messages.ts';
import { ownIdentity, runFolder, writeEntry } from './registry.ts';
import { listenAt, socketPath } from './socket-port.ts';
import { Supervisor } from './supervisor.ts';

const runs = Array.from({ length: 60 }, (_, i) => `run-${i}`);
let data: string;
let supervisor: Supervisor;
const servers: Server[] = [];
beforeEach(() => {
  data = mkdtempSync(join(tmpdir(), 'millrace-supervisor-'));
  supervisor = new Supervisor({ dataFolder: data });
});
afterEach(() => {
  supervisor.dispose();
  for (const server of servers.splice(0)) server.close();
  rmSync(data, { recursive: true, force: true });
});

it('attaches to each run once, also where more have ended than it keeps', async () => {
  const attached: string[] = [];
  for (const [i, id] of runs.entries()) await keep(id, i, attached);
  for (let look = 0; look < 3; look++) await supervisor.list();
  expect(attached.toSorted()).toEqual(runs.toSorted());
});

/** A run that has ended, whose keeper stays for other attached clients. */
async function keep(id: string, startedAt: number, attached: string[]): Promise<void> {
  const known = { id, pipeline: id, path: null, state: 'done', startedAt } as const;
  const nothing = { stats: {}, problems: [], outputs: [], checkpoint: null, resumedFrom: null, restarts: 0 };
  const summary: RunSummary = { ...known, endedAt: startedAt + 1, bounded: true, ...nothing };
  const socket = socketPath(runFolder(data, id), id);
  writeEntry(data, { ...known, ...ownIdentity(), socket, commits: 'end' });
  const refused = () => {
    throw new Error('The run has ended');
  };
  const attach = () => {
    attached.push(id);
    return { summary, logs: [], nodes: [] };
  };
  const answer = { attach, stop: refused, pause: refused, resume: refused, checkpoint: refused, inspect: refused };
  servers.push(await listenAt(socket, (port) => void new Service<KeeperProtocol>(port, answer)));
}
