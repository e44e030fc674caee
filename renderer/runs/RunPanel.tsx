import { Button } from '@mantine/core';
import { IconPlayerPlayFilled } from '@tabler/icons-react';
import { useEffect, useRef, useState } from 'react';
import type { LogLine, RunSummary } from '../../engine/protocol/messages.ts';
import { problemCount, problemsLabel } from '../format/run-counts.ts';
import { formatCount } from '../format/run-text.ts';
import { titleOf } from '../graph/flow.ts';
import { isRunning } from '../session/run-state.ts';
import { useSession } from '../session/session.ts';
import { runCommand } from '../shell/commands/registry.ts';
import { ProblemList } from '../shell/problems/ProblemList.tsx';
import { EarlierRuns } from './EarlierRuns.tsx';
import { KeptErrors } from './KeptErrors.tsx';
import { RunHead, type RunView } from './RunHead.tsx';
import { RunHistoryView } from './RunHistoryView.tsx';
import { RunOutputs } from './RunOutputs.tsx';
import { RunTable } from './RunTable.tsx';
import './runs.css';

const noLines: readonly LogLine[] = [];

/** The current run: its state, every node's counters, what it wrote, its errors and its log. */
export function RunPanel() {
  const run = useSession((state) => state.run);
  const lines = useSession((state) => (state.run && state.logs[state.run.id]) || noLines);
  const [view, setView] = useState<RunView>('nodes');
  const isEmpty = useSession((state) => Object.keys(state.pipeline.nodes).length === 0);
  if (!run) {
    return (
      <div className="panel-empty">
        <p>
          This pipeline has not run yet. A run reads the sources and writes the sinks, and continues when this window is closed; its counters appear here and on
          the canvas.
        </p>
        <div className="run-empty">
          <Button disabled={isEmpty} leftSection={<IconPlayerPlayFilled size={14} />} onClick={() => void runCommand('run.start')}>
            Run the pipeline
          </Button>
          <EarlierRuns current={null} />
        </div>
      </div>
    );
  }
  const written = run.outputs.filter(({ kind }) => kind === 'sqlite' || kind === 'file');
  const others = run.outputs.filter((output) => !written.includes(output));
  const isLive = isRunning(run);
  return (
    <div className="run-panel">
      <RunHead run={run} view={view} onView={setView} />
      <div className="run-body">
        {view === 'nodes' && (
          <>
            {(run.state === 'failed' || run.state === 'restarting') && (
              <ProblemList problems={run.problems.filter((problem) => problem.severity === 'error').slice(0, 3)} withNode />
            )}
            {isWithoutOutput(run) && <p className="run-nothing run-note">Nothing was written.</p>}
            {/* During a run its progress matters; after it, what it has written. */}
            {!isLive && <RunOutputs run={run} outputs={written} />}
            {Object.keys(run.stats).length > 0 && <RunTable run={run} />}
            <RunOutputs run={run} outputs={isLive ? run.outputs : others} />
          </>
        )}
        {view === 'errors' && (
          <>
            <KeptErrors run={run} />
            <Errors run={run} />
          </>
        )}
        {view === 'history' && <RunHistoryView run={run} />}
        {view === 'log' && <Log lines={lines} />}
      </div>
    </div>
  );
}

function Errors({ run }: { readonly run: RunSummary }) {
  const { errors, warnings, shown } = problemCount(run);
  const total = errors + warnings;
  if (total === 0) return <p className="panel-empty">No row failed and nothing went wrong.</p>;
  return (
    <>
      {total > shown && (
        <p className="run-nothing run-note">
          {problemsLabel({ errors, warnings, shown })}: the first {formatCount(shown)} are shown.
        </p>
      )}
      <ProblemList problems={run.problems} withNode />
    </>
  );
}

/** It ended before it had opened its outputs. */
function isWithoutOutput(run: RunSummary): boolean {
  return run.outputs.length === 0 && (run.state === 'failed' || run.state === 'stopped');
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
        // biome-ignore lint/suspicious/noArrayIndexKey: lines are only appended.
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
