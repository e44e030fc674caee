import { expect, test } from 'vitest';
import type { RunState } from '../../protocol/messages.ts';
import type { DataThread } from './data-thread-handle.ts';
import { newMonitor } from './monitor.ts';
import { Run } from './run.ts';
import type { Snapshot, ToControl } from './run-messages.ts';

test('a run is running once its nodes are open, however long that takes', () => {
  let tell = (_: ToControl) => {};
  const thread = {
    monitor: newMonitor(),
    listen: ({ onMessage }: { onMessage: (message: ToControl) => void }) => {
      tell = onMessage;
    },
    post() {},
    terminate: async () => true,
  } as unknown as DataThread;
  const states: RunState[] = [];
  const plan = { nodes: [], edges: [], sourceGroups: [], chains: [], replays: [], bounded: true };
  const options = { stateFolder: null, commits: 'end', checkpointEveryMs: 5000, from: 'scratch', dropChangedState: false, keepCheckpoints: 3 } as const;
  const run = new Run({ id: 'x', name: 'x', path: null, folder: '/', plan, options }, thread, {
    onChanged: ({ state }) => void (states.at(-1) !== state && states.push(state)),
    onLogged() {},
    onAt() {},
  } as ConstructorParameters<typeof Run>[2]);
  const snapshot: Snapshot = { counts: {}, progress: {}, backlog: {}, outputs: [], stateUse: null, warnings: [], failures: [] };
  tell({ kind: 'stats', ...snapshot });
  expect(states).toEqual(['starting']);
  tell({ kind: 'stats', ...snapshot, stateUse: { inMemory: 0, limit: 0, onDisk: 0 } });
  expect(states).toEqual(['starting', 'running']);
  tell({ kind: 'ended', ...snapshot, outcome: { state: 'done' }, kept: {} });
  expect(states).toEqual(['starting', 'running', 'done']);
  expect(run).toBeDefined();
});
