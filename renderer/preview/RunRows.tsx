import { useEffect, useRef, useState } from 'react';
import { problemOf } from '../../engine/protocol/connection.ts';
import type { Problem, RunSummary } from '../../engine/protocol/messages.ts';
import { countText, rowsText } from '../format/value-text.ts';
import { DataGrid } from '../grid/DataGrid.tsx';
import { memorySource, type PageSource } from '../grid/page-source.ts';
import { strangeness } from '../session/run-origin.ts';
import { session, useSession } from '../session/session.ts';
import { EmptyState } from '../shell/EmptyState.tsx';
import styles from '../shell/Panel.module.css';
import { ProblemBar } from '../shell/problems/ProblemBar.tsx';
import type { PreviewTarget } from './targets.ts';

const refreshMs = 500;
const limits = { sink: 10_000, port: 1000 };

interface RunRowsProps {
  readonly node: string;
  /** An output port, whose latest rows are shown during the run; without it, those that a sink keeps. */
  readonly port?: string;
}

/** Rows of the run that the canvas shows, newest first; refreshed during the run. */
export function RunRows({ node, port }: RunRowsProps) {
  const run = useSession((state) => state.run);
  const [source, setSource] = useState<PageSource | null>(null);
  const [problem, setProblem] = useState<Problem | null>(null);
  const asked = useRef(0);
  const id = run?.id;

  useEffect(() => {
    if (!id) return;
    let gone = false;
    const read = async () => {
      asked.current = performance.now();
      try {
        const limit = port === undefined ? limits.sink : limits.port;
        const { schema, rows } = await session.request('run.inspect', { runId: id, node, limit, ...(port !== undefined && { port }) });
        if (gone) return;
        setSource(memorySource(schema.columns, rows.toReversed()));
        setProblem(null);
      } catch (error) {
        if (!gone) setProblem(problemOf(error));
      }
    };
    const timer = setTimeout(read, run?.endedAt === null ? Math.max(0, refreshMs - (performance.now() - asked.current)) : 0);
    return () => {
      gone = true;
      clearTimeout(timer);
    };
  }, [id, run, node, port]);

  if (problem) return <ProblemBar problems={[problem]} shownNode={node} />;
  if (!source) return <EmptyState title="Waiting for rows…" />;
  if (source.total === 0) return <NoneYet passed={port === undefined ? 0 : passed(run, node, port)} />;
  return <DataGrid source={source} label="Latest rows of the run" layoutKey={`run ${node} ${port ?? ''}`} />;
}

function NoneYet({ passed }: { readonly passed: number }) {
  if (passed === 0) return <EmptyState title="No rows yet" text="None have come out here since the run started. They appear as soon as they do." />;
  return <EmptyState title="Waiting for the next row…" text={`${rowsText(passed)} have passed here so far.`} />;
}

/** How many rows a port has sent in the current run, and how fast. */
export function LiveFacts({ target }: { readonly target: PreviewTarget }) {
  const run = useSession((state) => state.run);
  const strange = useSession(strangeness);
  const stats = run?.stats[target.node];
  if (!stats) return null;
  const rate = Math.round(stats.outRate?.[target.port] ?? 0);
  const total = passed(run, target.node, target.port);
  return (
    <div className={styles.facts} data-testid="live-facts">
      {strange && <span title="The run continues as it was started; your changes apply to the next one.">{strange}</span>}
      <span>{rowsText(total)} so far</span>
      <span>{countText(rate)}/s</span>
      <span>newest first</span>
    </div>
  );
}

function passed(run: RunSummary | null, node: string, port: string): number {
  return run?.stats[node]?.out[port] ?? 0;
}
