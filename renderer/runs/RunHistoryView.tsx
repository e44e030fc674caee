import { useEffect, useState } from 'react';
import type { RunSummary } from '../../engine/protocol/messages.ts';
import type { RunHistory } from '../../engine/protocol/run-history.ts';
import { itemAt, lastOf } from '../../model/faults/missing.ts';
import { formatBytes, formatCount, formatDuration, formatWhen, runStateWords } from '../format/run-text.ts';
import { isRunning } from '../session/run-state.ts';
import { session } from '../session/session.ts';

const readEveryMs = 2000;
const shownCheckpoints = 5;
const width = 600;
const height = 64;

/** The history of a run: its rows a second over time, its states with reasons, its last checkpoints. Read from what its keeper wrote. */
export function RunHistoryView({ run }: { readonly run: RunSummary }) {
  const history = useHistory(run);
  if (!history) return <p className="panel-empty">Reading the history of this run …</p>;
  if (history.states.length === 0) return <p className="panel-empty">There is no history of this run.</p>;
  return (
    <div className="run-history">
      <Rates history={history} />
      <section aria-label="States of the run">
        {history.states.map(({ at, state, reason }, index) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: states are only appended.
          <div className="run-event" key={index}>
            <span>{formatTime(at)}</span>
            <b className="run-state" data-state={state}>
              {runStateWords[state]}
            </b>
            <span>{reason}</span>
          </div>
        ))}
      </section>
      {history.checkpoints.length > 0 && (
        <section aria-label="Checkpoints of the run">
          {history.checkpoints.slice(-shownCheckpoints).map(({ id, at, bytes, tookMs }) => (
            <div className="run-event" key={id}>
              <span>{formatTime(at)}</span>
              <b>Checkpoint {id}</b>
              <span>
                {formatBytes(bytes)}, made in {formatDuration(tookMs)}
              </span>
            </div>
          ))}
        </section>
      )}
    </div>
  );
}

function useHistory(run: RunSummary): RunHistory | null {
  const [read, setRead] = useState<{ readonly id: string; readonly history: RunHistory } | null>(null);
  const { id } = run;
  const isLive = isRunning(run);
  useEffect(() => {
    let isWanted = true;
    const readNow = () =>
      session.request('run.history', { runId: id }).then(
        (history) => isWanted && setRead({ id, history }),
        () => {},
      );
    void readNow();
    const timer = isLive ? setInterval(readNow, readEveryMs) : undefined;
    return () => {
      isWanted = false;
      clearInterval(timer);
    };
  }, [id, isLive]);
  return read?.id === id ? read.history : null;
}

/** The busiest node's rows a second, between one sample and the next. */
function Rates({ history: { samples } }: { readonly history: RunHistory }) {
  const rows = samples.map(({ nodes }) => Math.max(0, ...Object.values(nodes).map((node) => Math.max(node.in, node.out))));
  const rates = samples.slice(1).map(({ at }, index) => ({
    at,
    rate: Math.max(0, (1000 * (itemAt(rows, index + 1) - itemAt(rows, index))) / Math.max(1, at - itemAt(samples, index).at)),
  }));
  if (rates.length < 2) return null;
  const [from, to] = [itemAt(rates, 0).at, lastOf(rates).at];
  const most = Math.max(1, ...rates.map(({ rate }) => rate));
  const x = (at: number) => ((at - from) / Math.max(1, to - from)) * width;
  const y = (rate: number) => height - (rate / most) * (height - 2);
  const line = rates.map(({ at, rate }) => `${x(at).toFixed(1)},${y(rate).toFixed(1)}`).join(' ');
  return (
    <figure className="run-rates">
      <svg viewBox={`0 0 ${width} ${height}`} preserveAspectRatio="none" role="img" aria-label={`Rows per second over time, at most ${formatCount(most)}`}>
        <polygon points={`0,${height} ${line} ${width},${height}`} />
        <polyline points={line} vectorEffect="non-scaling-stroke" />
      </svg>
      <figcaption>
        <span>{formatTime(from)}</span>
        <span>at most {formatCount(most)} rows/s</span>
        <span>{formatTime(to)}</span>
      </figcaption>
    </figure>
  );
}

/** With seconds today. */
function formatTime(at: number): string {
  const date = new Date(at);
  return date.toDateString() === new Date().toDateString() ? date.toLocaleTimeString('en-GB') : formatWhen(at);
}
