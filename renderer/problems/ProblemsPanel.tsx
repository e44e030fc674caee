import { IconCircleCheck } from '@tabler/icons-react';
import type { Problem } from '../../engine/protocol/messages.ts';
import { titleOf } from '../graph/flow.ts';
import { NodeIcon } from '../graph/NodeIcon.tsx';
import { useProblems, useSession } from '../session/session.ts';
import './problems.css';
import { ProblemList } from '../shell/problems/ProblemList.tsx';

/** All problems of the pipeline, by node. A click selects the node and its field. */
export function ProblemsPanel() {
  const problems = useProblems();
  const pipeline = useSession((state) => state.pipeline);
  const catalogue = useSession((state) => state.catalogue);
  const isChecked = useSession((state) => state.check !== null);
  if (problems.length === 0) {
    return (
      <p className="panel-empty problems-none">
        {isChecked && <IconCircleCheck size={16} />}
        {isChecked ? 'No problems. The pipeline can run.' : 'The pipeline has not been checked yet.'}
      </p>
    );
  }
  const groups = new Map<string, Problem[]>();
  for (const problem of problems) groups.set(problem.node ?? '', [...(groups.get(problem.node ?? '') ?? []), problem]);
  return (
    <div className="problems">
      {[...groups].map(([id, members]) => {
        const manifest = catalogue.get(pipeline.nodes[id]?.type ?? '');
        return (
          <section key={id} aria-label={id ? titleOf(id, pipeline.nodes[id], catalogue) : 'Pipeline'}>
            <h2>
              {id ? <NodeIcon icon={manifest?.icon ?? 'puzzle'} kind={manifest?.kind ?? null} /> : null}
              {id ? titleOf(id, pipeline.nodes[id], catalogue) : 'Pipeline'}
              <span>{members.length}</span>
            </h2>
            <ProblemList problems={members} />
          </section>
        );
      })}
    </div>
  );
}
