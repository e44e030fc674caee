import { ActionIcon, Button, Menu, SegmentedControl, Tooltip } from '@mantine/core';
import {
  IconCircleCheckFilled,
  IconCircleXFilled,
  IconDots,
  IconLoader2,
  IconPlayerEject,
  IconPlayerPauseFilled,
  IconPlayerPlayFilled,
  IconPlayerStopFilled,
  IconRefreshAlert,
} from '@tabler/icons-react';
import { useEffect, useState } from 'react';
import type { RunSummary } from '../../engine/protocol/messages.ts';
import { waitsFor } from '../../model/problems/behaviour-of.ts';
import { visible } from '../../model/text/visible-text.ts';
import { openPath } from '../documents/documents.tsx';
import { problemCount, problemsLabel } from '../format/run-counts.ts';
import { counted, formatAge, formatBytes, formatDuration, formatWhen, runStateWords } from '../format/run-text.ts';
import { strangeness } from '../session/run-origin.ts';
import { isEnding, isRunning, isSteerable } from '../session/run-state.ts';
import { useSession } from '../session/session.ts';
import { CommandMenuItems } from '../shell/commands/CommandMenuItems.tsx';
import { runCommand } from '../shell/commands/registry.ts';
import { EarlierRuns } from './EarlierRuns.tsx';

export type RunView = 'nodes' | 'errors' | 'history' | 'log';

interface RunHeadProps {
  readonly run: RunSummary;
  readonly view: RunView;
  readonly onView: (view: RunView) => void;
}

/** The run in one line: its state, since when, its controls, and which part of it is shown below. */
export function RunHead({ run, view, onView }: RunHeadProps) {
  return (
    <div className="run-head">
      <StateLabel run={run} />
      <Elapsed run={run} />
      <Origin run={run} />
      <CheckpointNote run={run} />
      {isRunning(run) && <RunControls run={run} />}
      <span className="run-views">
        <SegmentedControl<RunView>
          aria-label="Show of the run"
          value={view}
          onChange={onView}
          data={[
            { value: 'nodes', label: 'Nodes' },
            { value: 'errors', label: problemsLabel(problemCount(run)) },
            { value: 'history', label: 'History' },
            { value: 'log', label: 'Log' },
          ]}
        />
        <EarlierRuns current={run.id} />
      </span>
    </div>
  );
}

function StateLabel({ run }: { readonly run: RunSummary }) {
  return (
    <span className="run-state" data-state={run.state} role="status" aria-label={`Run ${runStateWords[run.state].toLowerCase()}`}>
      {run.state === 'done' && <IconCircleCheckFilled size={16} />}
      {run.state === 'failed' && <IconCircleXFilled size={16} />}
      {run.state === 'stopped' && <IconPlayerStopFilled size={16} />}
      {run.state === 'paused' && <IconPlayerPauseFilled size={16} />}
      {run.state === 'restarting' && <IconRefreshAlert size={16} />}
      {isRunning(run) && run.state !== 'paused' && run.state !== 'restarting' && <IconLoader2 size={16} className="spin" />}
      {runStateWords[run.state]}
    </span>
  );
}

/** Buttons for Stop and Pause, the other ways to end it in a menu; once it is ending, the way to end it at once. */
function RunControls({ run }: { readonly run: RunSummary }) {
  if (isEnding(run)) {
    return (
      <Tooltip label="End immediately and roll back to the last commit">
        <Button size="compact-xs" color="red" variant="light" leftSection={<IconPlayerEject size={13} />} onClick={() => void runCommand('run.cancel')}>
          Cancel the run
        </Button>
      </Tooltip>
    );
  }
  const others = run.bounded ? ['run.drain'] : ['run.checkpoint', 'run.drain', 'run.cancel'];
  return (
    <span className="run-controls">
      <Tooltip label={run.bounded ? 'End immediately: nothing is written' : 'Make a checkpoint and stop: the next run can resume from there'}>
        <Button size="compact-xs" color="red" variant="light" leftSection={<IconPlayerStopFilled size={12} />} onClick={() => void runCommand('run.stop')}>
          Stop
        </Button>
      </Tooltip>
      <Tooltip label={run.state === 'paused' ? 'Continue reading' : 'Stop reading for now; rows that were already read are processed'}>
        <Button
          size="compact-xs"
          color="gray"
          variant="light"
          disabled={!isSteerable(run)}
          leftSection={run.state === 'paused' ? <IconPlayerPlayFilled size={12} /> : <IconPlayerPauseFilled size={12} />}
          onClick={() => void runCommand('run.pause')}
        >
          {run.state === 'paused' ? 'Resume' : 'Pause'}
        </Button>
      </Tooltip>
      <Menu position="bottom-start" width={230}>
        <Menu.Target>
          <ActionIcon size={22} aria-label="More run controls">
            <IconDots size={15} />
          </ActionIcon>
        </Menu.Target>
        <Menu.Dropdown>
          <CommandMenuItems entries={others} />
        </Menu.Dropdown>
      </Menu>
    </span>
  );
}

/** When it began, with a note if it is not of the current pipeline. */
function Origin({ run }: { readonly run: RunSummary }) {
  const words = useSession(strangeness);
  const isElsewhere = useSession(({ path }) => run.path !== null && run.path !== path);
  return (
    <>
      <span className="dim run-started">started {formatWhen(run.startedAt)}</span>
      {words && !isElsewhere && <span className="run-other">{words}</span>}
      {words && isElsewhere && (
        <button type="button" className="run-other" title={`Open ${run.path}`} onClick={() => run.path && void openPath(run.path)}>
          {words}
        </button>
      )}
    </>
  );
}

/** Where it would resume, or is retried; how long it has been ending. */
function CheckpointNote({ run }: { readonly run: RunSummary }) {
  const now = useClock(isRunning(run));
  const words: string[] = [];
  if (isEnding(run)) words.push(`finishing: ${formatDuration(now - sinceOf(run))}`);
  if (run.state === 'restarting' && run.retryAt) {
    const [problem] = run.problems;
    const reason = problem?.message.replace(/[.]$/, '');
    words.push(`${waitsFor(problem)}retrying in ${formatDuration(run.retryAt - now)}${reason ? `: ${visible(reason)}` : ''}`);
  }
  if (run.resumedFrom !== null) words.push(`resumed from checkpoint ${run.resumedFrom}`);
  if (run.restarts > 0) words.push(`restarted ${counted(run.restarts, 'time')}`);
  if (run.checkpoint) words.push(`checkpoint ${run.checkpoint.id}, ${formatAge(run.checkpoint.at, now)} ago`);
  if (words.length === 0) return null;
  const title = run.checkpoint
    ? `Checkpoint ${run.checkpoint.id}: ${formatBytes(run.checkpoint.bytes)}, made in ${formatDuration(run.checkpoint.tookMs)}`
    : undefined;
  return (
    <span className="dim" title={title}>
      {words.join(' · ')}
    </span>
  );
}

const firstSeen = { key: '', at: 0 };
/** When the current state of a run was first seen: its summary does not say. */
function sinceOf({ id, state }: RunSummary): number {
  const key = `${id} ${state}`;
  if (firstSeen.key !== key) Object.assign(firstSeen, { key, at: Date.now() });
  return firstSeen.at;
}

function Elapsed({ run }: { readonly run: RunSummary }) {
  const now = useClock(isRunning(run));
  return (
    <span className="dim" title={`Started ${formatWhen(run.startedAt)}`}>
      {formatDuration((run.endedAt ?? now) - run.startedAt)}
    </span>
  );
}

/** The time of day, as long as it is relevant. */
function useClock(isLive: boolean): number {
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    if (!isLive) return;
    const timer = setInterval(() => setNow(Date.now()), 250);
    return () => clearInterval(timer);
  }, [isLive]);
  return now;
}
