import { ActionIcon, Button, Menu, SegmentedControl } from '@mantine/core';
import {
  IconCircleCheckFilled,
  IconCircleXFilled,
  IconDots,
  IconHistory,
  IconLoader2,
  IconPlayerPauseFilled,
  IconPlayerPlayFilled,
  IconPlayerStopFilled,
  IconRefreshAlert,
} from '@tabler/icons-react';
import { useEffect, useRef, useState } from 'react';
import type { LogLine, RunSummary } from '../../engine/protocol/messages.ts';
import { titleOf } from '../canvas/flow.ts';
import { CommandMenuItems } from '../commands/CommandMenuItems.tsx';
import { runCommand } from '../commands/registry.ts';
import { ProblemList } from '../problems/ProblemsPanel.tsx';
import { useSession } from '../session/session.ts';
import { counted, formatAge, formatBytes, formatDuration, formatWhen, runStateWords } from './format.ts';
import { KeptErrors } from './KeptErrors.tsx';
import { RunHistoryView } from './RunHistoryView.tsx';
import { RunOutputs } from './RunOutputs.tsx';
import { RunTable } from './RunTable.tsx';
import { isRunning, isSteerable, showRun } from './run-actions.tsx';
import './runs.css';

const noLines: readonly LogLine[] = [];

/** The current run: its state, every node's counters, what it wrote, its errors and its log. */
export function RunPanel() {
  const run = useSession((state) => state.run);
  const isStale = useSession((state) => state.runStale);
  const lines = useSession((state) => (state.run && state.logs[state.run.id]) || noLines);
  const [view, setView] = useState('nodes');
  if (!run) {
    return (
      <div className="panel-empty">
        <p>
          Nothing has run yet. A run reads the sources and writes the sinks, and goes on when this window is closed; its counters appear here and on the canvas.
        </p>
        <EarlierRuns current={null} />
        <Button leftSection={<IconPlayerPlayFilled size={14} />} onClick={() => void runCommand('run.start')}>
          Run the pipeline
        </Button>
      </div>
    );
  }
  return (
    <div className="run-panel">
      <div className="run-head">
        <StateLabel run={run} />
        <Elapsed run={run} />
        <span className="dim">started {formatWhen(run.startedAt)}</span>
        {isStale && <span className="dim">· before your last changes</span>}
        <CheckpointNote run={run} />
        {isRunning(run) && <RunControls run={run} />}
        <SegmentedControl
          aria-label="Show of the run"
          value={view}
          onChange={setView}
          data={[
            { value: 'nodes', label: 'Nodes' },
            { value: 'errors', label: run.problems.length > 0 ? `Errors (${run.problems.length})` : 'Errors' },
            { value: 'history', label: 'History' },
            { value: 'log', label: 'Log' },
          ]}
        />
        <EarlierRuns current={run.id} />
      </div>
      <div className="run-body">
        {view === 'nodes' && (
          <>
            {(run.state === 'failed' || run.state === 'restarting') && (
              <ProblemList problems={run.problems.filter((problem) => problem.severity === 'error').slice(0, 3)} withNode />
            )}
            {isWithoutOutput(run) && <p className="run-nothing run-note">Nothing was written.</p>}
            <RunOutputs run={run} />
            {Object.keys(run.stats).length > 0 && <RunTable run={run} />}
          </>
        )}
        {view === 'errors' && (
          <>
            <KeptErrors run={run} />
            {run.problems.length > 0 ? <ProblemList problems={run.problems} withNode /> : <p className="panel-empty">No row failed and nothing went wrong.</p>}
          </>
        )}
        {view === 'history' && <RunHistoryView run={run} />}
        {view === 'log' && <Log lines={lines} />}
      </div>
    </div>
  );
}

/** It ended before it had opened what it was to write. */
function isWithoutOutput(run: RunSummary): boolean {
  return run.outputs.length === 0 && (run.state === 'failed' || run.state === 'stopped');
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

/** Stop and pause at hand, the other ways to end it in a menu. */
function RunControls({ run }: { readonly run: RunSummary }) {
  const others = run.bounded ? ['run.drain'] : ['run.checkpoint', 'run.drain', 'run.cancel'];
  return (
    <span className="run-controls">
      <Button size="compact-xs" color="red" variant="light" leftSection={<IconPlayerStopFilled size={12} />} onClick={() => void runCommand('run.stop')}>
        Stop
      </Button>
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
      <Menu position="bottom-start" width={230}>
        <Menu.Target>
          <ActionIcon size={22} aria-label="More ways to steer the run">
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

/** Where it would go on from, or is tried again. */
function CheckpointNote({ run }: { readonly run: RunSummary }) {
  const now = useClock(isRunning(run));
  const words: string[] = [];
  if (run.state === 'restarting' && run.retryAt) words.push(`tried again in ${formatDuration(Math.max(0, run.retryAt - now))}`);
  if (run.resumedFrom !== null) words.push(`went on from checkpoint ${run.resumedFrom}`);
  if (run.restarts > 0) words.push(`restarted ${counted(run.restarts, 'time')}`);
  if (run.checkpoint) words.push(`checkpoint ${run.checkpoint.id}, ${formatAge(run.checkpoint.at, now)} ago`);
  if (words.length === 0) return null;
  const title = run.checkpoint ? `${formatBytes(run.checkpoint.bytes)}, made in ${formatDuration(run.checkpoint.tookMs)}` : undefined;
  return (
    <span className="dim" title={title}>
      · {words.join(' · ')}
    </span>
  );
}

function Elapsed({ run }: { readonly run: RunSummary }) {
  const now = useClock(isRunning(run));
  return <span className="dim">{formatDuration(Math.max(0, (run.endedAt ?? now) - run.startedAt))}</span>;
}

/** The time of day, while it matters. */
function useClock(isLive: boolean): number {
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    if (!isLive) return;
    const timer = setInterval(() => setNow(Date.now()), 250);
    return () => clearInterval(timer);
  }, [isLive]);
  return now;
}

function EarlierRuns({ current }: { readonly current: string | null }) {
  const runs = useSession((state) => state.runs);
  const others = runs.filter((run) => run.id !== current);
  if (others.length === 0) return null;
  return (
    <Menu position="bottom-end" width={300}>
      <Menu.Target>
        <Button size="compact-xs" variant="subtle" color="gray" leftSection={<IconHistory size={14} />}>
          Other runs
        </Button>
      </Menu.Target>
      <Menu.Dropdown mah={320} className="scroll-y">
        {others.slice(0, 30).map((run) => (
          <Menu.Item key={run.id} onClick={() => showRun(run)} rightSection={<span className="dim">{formatWhen(run.startedAt)}</span>}>
            {run.pipeline}: {runStateWords[run.state].toLowerCase()}
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  );
}

function Log({ lines }: { readonly lines: readonly LogLine[] }) {
  const pipeline = useSession((state) => state.pipeline);
  const catalogue = useSession((state) => state.catalogue);
  const end = useRef<HTMLDivElement>(null);
  // biome-ignore lint/correctness/useExhaustiveDependencies: a new line scrolls into view.
  useEffect(() => end.current?.scrollIntoView({ block: 'nearest' }), [lines]);
  if (lines.length === 0) return <p className="panel-empty">Nothing was logged.</p>;
  return (
    <div className="log" role="log" aria-label="Log of the run">
      {lines.map((line, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: lines only ever join at the end.
        <div key={index} data-level={line.level}>
          <span>{new Date(line.at).toLocaleTimeString('en-GB')}</span>
          <span className="log-node">{line.node ? titleOf(line.node, pipeline.nodes[line.node], catalogue) : ''}</span>
          <span>{line.message}</span>
        </div>
      ))}
      <div ref={end} />
    </div>
  );
}
