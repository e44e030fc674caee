import { expect, test } from 'vitest';
import type { RunSummary } from '../../protocol/messages.ts';
import type { DataThread } from './data-thread-handle.ts';
import { enterNode, newMonitor } from './monitor.ts';
import { Run } from './run.ts';
import type { Snapshot, ToControl } from './run-messages.ts';

const snapshot: Snapshot = { counts: {}, progress: {}, backlog: {}, outputs: [], stateUse: null, warnings: [], failures: [] };

/** A run whose data thread says what the test says. */
function trial() {
  let tell = (_: ToControl) => {};
  const thread = {
    monitor: newMonitor(),
    listen: ({ onMessage }: { onMessage: (message: ToControl) => void }) => {
      tell = onMessage;
    },
    post() {},
    terminate: async () => true,
  } as unknown as DataThread;
  const summaries: RunSummary[] = [];
  const plan = { nodes: [], edges: [], sourceGroups: [], chains: [], replays: [], bounded: true };
  const options = { stateFolder: null, commits: 'end', checkpointEveryMs: 5000, from: 'scratch', dropChangedState: false, keepCheckpoints: 3 } as const;
  const run = new Run({ id: 'x', name: 'x', path: null, folder: '/', plan, options }, thread, {
    onChanged: (summary) => void summaries.push(summary),
    onLogged() {},
    onAt() {},
  });
  const states = () => summaries.map(({ state }) => state).filter((state, i, all) => state !== all[i - 1]);
  return { run, tell, summaries, states };
}

test('a run is running once its nodes are open, however long that takes', () => {
  const { run, tell, states } = trial();
  tell({ kind: 'stats', ...snapshot });
  expect(states()).toEqual(['starting']);
  tell({ kind: 'stats', ...snapshot, stateUse: { inMemory: 0, limit: 0, onDisk: 0 } });
  expect(states()).toEqual(['starting', 'running']);
  tell({ kind: 'ended', ...snapshot, outcome: { state: 'done' }, kept: {} });
  expect(states()).toEqual(['starting', 'running', 'done']);
  expect(run).toBeDefined();
});

test.each([
  [null, '', 'run/lost', 'The thread of instance 2 ended unexpectedly.'],
  [null, 'no such symbol', 'run/lost', 'The thread of instance 2 ended unexpectedly: no such symbol.'],
  ['ERR_WORKER_OUT_OF_MEMORY', 'limit', 'run/memory', expect.stringMatching(/^Instance 2 needed more than \d+ MB of memory and was stopped\.$/)],
])('an instance that is lost is named (%s)', async (code, message, problem, text) => {
  const { tell, summaries } = trial();
  const monitor = newMonitor();
  tell({ kind: 'instance', instance: 1, monitor, nodes: ['way', 'join'] });
  enterNode(monitor, 1);
  tell({ kind: 'instanceLost', instance: 1, code, message });
  await expect.poll(() => summaries.at(-1)).toMatchObject({ state: 'failed', problems: [{ code: problem, message: text, node: 'join' }] });
});
