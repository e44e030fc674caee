import { IconAlertTriangleFilled, IconCircleCheck, IconExclamationCircleFilled, IconInfoCircleFilled } from '@tabler/icons-react';
import type { Problem } from '../../engine/protocol/messages.ts';
import { visibleJson } from '../../model/text/visible-text.ts';
import { titleOf } from '../graph/flow.ts';
import { NodeIcon } from '../graph/NodeIcon.tsx';
import { revealNode } from '../graph/viewport.ts';
import { session, useProblems, useSession } from '../session/session.ts';
import './problems.css';
import { FixButton } from '../shell/problems/FixButton.tsx';
import { locationOf } from '../shell/problems/problem-location.ts';
import { Words } from '../shell/problems/Words.tsx';

const icons = { error: IconExclamationCircleFilled, warning: IconAlertTriangleFilled, info: IconInfoCircleFilled } as const;

/** All problems of the pipeline, by node. A click goes to the node and its field. */
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

/** Problems one below the other; also used by the run panel. */
export function ProblemList({ problems, withNode = false }: { readonly problems: readonly Problem[]; readonly withNode?: boolean }) {
  return (
    <ul className="problem-list">
      {problems.map((problem, index) => {
        const Drawn = icons[problem.severity];
        const type = session.state.pipeline.nodes[problem.node ?? '']?.type ?? '';
        const location = locationOf(problem, session.state.catalogue.get(type)?.params);
        return (
          // biome-ignore lint/suspicious/noArrayIndexKey: equal problems of several rows differ in nothing but their place.
          <li key={`${problem.code} ${index}`}>
            <button type="button" data-problem={problem.code} data-severity={problem.severity} onClick={() => goTo(problem)}>
              <Drawn size={15} role="img" aria-label={problem.severity} />
              <span className="problem-text">
                <span>
                  {withNode && problem.node && <b>{titleOf(problem.node, session.state.pipeline.nodes[problem.node], session.state.catalogue)}: </b>}
                  <Words text={problem.message} />
                  {location && <i>{location}</i>}
                </span>
                {problem.hint && (
                  <span className="problem-hint">
                    <Words text={problem.hint} />
                  </span>
                )}
                {problem.row && <code className="problem-row">{visibleJson(problem.row, 0)}</code>}
              </span>
            </button>
            <FixButton problem={problem} className="problem-fix" />
          </li>
        );
      })}
    </ul>
  );
}

function goTo(problem: Problem): void {
  if (!problem.node) {
    if (problem.edge) session.select({ edges: [problem.edge] });
    return;
  }
  if (!session.state.pipeline.nodes[problem.node]) return;
  revealNode(problem.node);
  session.showField(problem.node, problem.field ?? null, problem.range);
}
