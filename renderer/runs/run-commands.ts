import { IconBookmark, IconDropletDown, IconListDetails, IconPlayerEject, IconPlayerPause, IconPlayerPlay, IconPlayerStop } from '@tabler/icons-react';
import { isOwnRun } from '../session/run-origin.ts';
import { isEnding, isRunning, isSteerable } from '../session/run-state.ts';
import type { SessionState } from '../session/session.ts';
import type { Command } from '../shell/commands/command.ts';
import { showPlan } from './PlanDialog.tsx';
import { endRun, makeCheckpoint, pauseOrResume, startRun, stopRun } from './run-actions.tsx';

const running = (state: SessionState) => isRunning(state.run);
/** Such a run commits with its checkpoints, and is stopped with one. */
const isEndless = (state: SessionState) => running(state) && state.run?.bounded === false;

export const runCommands: readonly Command[] = [
  {
    name: 'run.start',
    label: 'Run',
    icon: IconPlayerPlay,
    shortcuts: ['F5'],
    enabled: (state) => state.engine === 'ready' && !(isOwnRun(state) && running(state)) && Object.keys(state.pipeline.nodes).length > 0,
    run: () => startRun(),
  },
  {
    name: 'run.stop',
    label: (state) => (isEndless(state) ? 'Stop with a checkpoint' : 'Stop'),
    icon: IconPlayerStop,
    shortcuts: ['Shift+F5'],
    enabled: (state) => running(state) && !isEnding(state.run),
    run: () => stopRun(),
  },
  {
    name: 'run.pause',
    label: (state) => (state.run?.state === 'paused' ? 'Resume' : 'Pause'),
    icon: IconPlayerPause,
    shortcuts: ['F6'],
    enabled: (state) => isSteerable(state.run),
    run: () => pauseOrResume(),
  },
  {
    name: 'run.drain',
    label: 'Drain and stop',
    help: 'Stops reading, emits what is held, such as open windows, as at the end of the input, and commits.',
    icon: IconDropletDown,
    enabled: (state) => isSteerable(state.run),
    run: () => endRun('drain'),
  },
  {
    name: 'run.cancel',
    label: 'Cancel the run',
    help: 'Ends the run immediately and rolls back to its last commit.',
    icon: IconPlayerEject,
    enabled: running,
    run: () => endRun('cancel'),
  },
  {
    name: 'run.checkpoint',
    label: 'Make a checkpoint',
    help: 'Commits what has been written so far; the run continues.',
    icon: IconBookmark,
    enabled: (state) => isEndless(state) && isSteerable(state.run),
    run: () => makeCheckpoint(),
  },
  {
    name: 'run.plan',
    label: 'Show plan…',
    help: 'Shows how a run would execute: what is read first, loops, state, and where rows go.',
    icon: IconListDetails,
    enabled: (state) => state.engine === 'ready' && Object.keys(state.pipeline.nodes).length > 0,
    run: () => showPlan(),
  },
];
