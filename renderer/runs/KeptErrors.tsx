import { Button } from '@mantine/core';
import { IconHistory, IconTable } from '@tabler/icons-react';
import { useEffect, useState } from 'react';
import type { Problem, RunSummary, WaitingErrors } from '../../engine/protocol/messages.ts';
import { visible, visibleLines } from '../../model/text/visible-text.ts';
import { counted } from '../format/run-text.ts';
import { titleOf } from '../graph/flow.ts';
import { isRunning } from '../session/run-state.ts';
import { session, useSession } from '../session/session.ts';
import type { ReplayWay } from './ReplayDialog.tsx';
import { startReplay } from './run-actions.tsx';

/** The rows that wait in the errors table, by node, and the way to replay them. Nothing if none wait. */
export function KeptErrors({ run }: { readonly run: RunSummary }) {
  const pipeline = useSession((state) => state.pipeline);
  const catalogue = useSession((state) => state.catalogue);
  const waiting = useWaiting(run);
  if (!waiting || waiting.nodes.length === 0) return null;
  const total = waiting.nodes.reduce((sum, { rows }) => sum + rows, 0);
  return (
    <section className="kept-errors" aria-label="Errors table">
      <div className="kept-errors-head">
        <span>
          {counted(total, 'row')} kept in the errors table <code>{visible(waiting.path)}</code>
        </span>
        <Button size="compact-xs" variant="subtle" color="gray" leftSection={<IconTable size={14} />} onClick={() => session.showResult(waiting.path)}>
          Show rows
        </Button>
      </div>
      <ul>
        {waiting.nodes.map(({ node, rows, problem, inRun }) => {
          const way = wayOf(isRunning(run), problem, inRun);
          const title = titleOf(node, pipeline.nodes[node], catalogue);
          return (
            <li key={node}>
              <b>{title}</b>
              <span className="run-note">{counted(rows, 'row')}</span>
              {way === null ? (
                <span className="run-note" title={problem?.hint && visibleLines(problem.hint)}>
                  {visibleLines(problem?.message ?? 'They can be replayed when the run has ended')}
                </span>
              ) : (
                <Button
                  size="compact-xs"
                  variant="light"
                  leftSection={<IconHistory size={14} />}
                  aria-label={`Replay the rows of ${title}`}
                  onClick={() => void startReplay(way, node, title, rows)}
                >
                  {labels[way]}
                </Button>
              )}
            </li>
          );
        })}
      </ul>
    </section>
  );
}

const labels: Readonly<Record<ReplayWay, string>> = {
  alone: 'Replay after fixing',
  'with-run': 'Resume with these rows',
  'into-run': 'Stop and resume with these rows',
};

function wayOf(isRunning: boolean, problem: Problem | null, inRun: boolean): ReplayWay | null {
  if (isRunning) return inRun ? 'into-run' : null;
  return problem === null ? 'alone' : inRun ? 'with-run' : null;
}

/** Requested again when the run has ended, has committed more, or the pipeline was checked; null until it is known. */
function useWaiting(run: RunSummary): WaitingErrors | null {
  const documentId = useSession((state) => state.documentId);
  const check = useSession((state) => state.check);
  const isTrusted = useSession((state) => state.trusted);
  const [waiting, setWaiting] = useState<WaitingErrors | null>(null);
  const moment = `${run.id} ${run.endedAt} ${run.checkpoint?.id}`;
  // biome-ignore lint/correctness/useExhaustiveDependencies: what they are is not needed, but that they changed.
  useEffect(() => {
    if (!documentId || !isTrusted) return;
    let isCurrent = true;
    session.request('errors.list', { documentId, pipeline: session.state.pipeline }).then(
      (found) => isCurrent && setWaiting(found),
      () => isCurrent && setWaiting(null),
    );
    return () => {
      isCurrent = false;
    };
  }, [documentId, isTrusted, check, moment]);
  return waiting;
}
