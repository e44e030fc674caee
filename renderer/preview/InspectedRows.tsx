import { useEffect, useRef, useState } from 'react';
import { problemOf } from '../../engine/protocol/connection.ts';
import type { Problem } from '../../engine/protocol/messages.ts';
import { DataGrid } from '../grid/DataGrid.tsx';
import { memorySource, type PageSource } from '../grid/page-source.ts';
import { session, useSession } from '../session/session.ts';
import { EmptyState } from './EmptyState.tsx';
import { ProblemBar } from './ProblemBar.tsx';

const refreshMs = 500;
const limit = 10_000;

/** The rows that a sink holds in memory, of the run that the canvas shows; refreshed while it runs. */
export function InspectedRows({ node }: { readonly node: string }) {
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
        const { schema, rows } = await session.request('run.inspect', { runId: id, node, limit });
        if (gone) return;
        setSource(memorySource(schema.columns, rows));
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
  }, [id, run, node]);

  if (problem) return <ProblemBar problems={[problem]} shownNode={node} />;
  if (!source) return <EmptyState title="Waiting for rows…" />;
  if (source.total === 0) return <EmptyState title="No rows have arrived yet" />;
  return <DataGrid source={source} label="Latest rows of the run" layoutKey={`run ${node}`} />;
}
