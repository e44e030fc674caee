import { IconAlertTriangle, IconCircleX, IconInfoCircle } from '@tabler/icons-react';
import { rowsSent } from '../../engine/protocol/run-facts.ts';
import { visible } from '../../model/text/visible-text.ts';
import { counted, formatDuration, formatShort, runStateWords } from '../format/run-text.ts';
import { selectionText } from '../graph/selection-text.ts';
import { strangeness } from '../session/run-origin.ts';
import { isRunning } from '../session/run-state.ts';
import { session, useSession } from '../session/session.ts';
import { EnvironmentPicker } from './EnvironmentPicker.tsx';
import { TimeZonePicker } from './TimeZonePicker.tsx';

const engineWords = { connecting: 'Engine starting…', ready: 'Engine ready', restarting: 'Engine restarting…', lost: 'No engine' } as const;

/** The state of everything, in one line. */
export function StatusBar() {
  return (
    <footer className="status-bar">
      <Engine />
      <Problems />
      <RunState />
      <OtherRuns />
      <span className="status-space" />
      <Selection />
      <EnvironmentPicker />
      <TimeZonePicker />
      <Size />
    </footer>
  );
}

function Engine() {
  const engine = useSession((state) => state.engine);
  const message = useSession((state) => state.engineMessage && visible(state.engineMessage));
  return (
    <span className="status-engine" data-state={engine} role="status" title={message ?? undefined}>
      <i />
      {engineWords[engine]}
      {message && <span className="status-message">{message}</span>}
    </span>
  );
}

const severities = [
  { severity: 'error', one: 'error', several: 'errors', Icon: IconCircleX },
  { severity: 'warning', one: 'warning', several: 'warnings', Icon: IconAlertTriangle },
  { severity: 'info', one: 'note', several: 'notes', Icon: IconInfoCircle },
] as const;

function Problems() {
  const problems = useSession((state) => state.problems);
  const found = severities
    .map((kind) => ({ ...kind, count: problems.filter(({ severity }) => severity === kind.severity).length }))
    .filter(({ count }) => count > 0);
  const text = found.map(({ count, one }) => counted(count, one)).join(', ') || 'No problems';
  return (
    <button type="button" onClick={() => session.showDock('problems')} title={`Problems: ${text}`}>
      {found.map(({ severity, count, one, several, Icon }) => (
        <span key={severity} data-severity={severity}>
          <Icon size={14} role="img" aria-label={count === 1 ? one : several} />
          {count}
        </span>
      ))}
      {found.length === 0 && text}
    </button>
  );
}

function RunState() {
  const run = useSession((state) => state.run);
  const words = useSession(strangeness);
  if (!run) return null;
  // A stream has progress only for input that it reads to an end: rows that it replays, a lookup.
  const files = Object.values(run.stats).flatMap(({ progress }) => (progress?.total && (run.bounded || progress.done < progress.total) ? [progress] : []));
  const total = files.reduce((sum, progress) => sum + (progress.total ?? 0), 0);
  const done = total > 0 ? files.reduce((sum, progress) => sum + progress.done, 0) / total : null;
  const rows = Object.values(run.stats).reduce((most, stats) => Math.max(most, stats.in, rowsSent(stats.out)), 0);
  const time = run.endedAt === null ? '' : ` in ${formatDuration(run.endedAt - run.startedAt)}`;
  return (
    <button type="button" className="status-run" data-state={run.state} onClick={() => session.showDock('run')} title="Show the run">
      {runStateWords[run.state]}
      {time}
      {isRunning(run) && done !== null && <progress value={Math.min(1, done)} max={1} />}
      {isRunning(run) && <span>{done !== null ? `${Math.floor(Math.min(1, done) * 100)} %` : counted(rows, 'row')}</span>}
      {isRunning(run) && <span>{formatShort(Object.values(run.stats).reduce((most, stats) => Math.max(most, stats.rate), 0))} rows/s</span>}
      {words && <span>({words})</span>}
    </button>
  );
}

/** A run outlives its window: runs in progress that are not shown are listed here. */
function OtherRuns() {
  const count = useSession(({ runs, run }) => runs.filter((other) => other.endedAt === null && other.id !== run?.id).length);
  if (count === 0) return null;
  return (
    <button type="button" onClick={() => session.showDock('run')} title="Runs continue when their window is closed. See “Other runs”.">
      {counted(count, 'other run')} in progress
    </button>
  );
}

function Selection() {
  const text = useSession((state) => selectionText(state.selection));
  return text === '' ? null : <span>{text}</span>;
}

function Size() {
  const nodes = useSession((state) => Object.keys(state.pipeline.nodes).length);
  const edges = useSession((state) => state.pipeline.edges.length);
  return (
    <span>
      {counted(nodes, 'node')}, {counted(edges, 'edge')}
    </span>
  );
}
