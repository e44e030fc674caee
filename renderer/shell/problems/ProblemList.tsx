import { IconAlertTriangleFilled, IconExclamationCircleFilled, IconInfoCircleFilled } from '@tabler/icons-react';
import type { Problem } from '../../../engine/protocol/messages.ts';
import { visibleJson } from '../../../model/text/visible-text.ts';
import { titleOf } from '../../graph/flow.ts';
import { revealNode } from '../../graph/viewport.ts';
import { session } from '../../session/session.ts';
import { FixButton } from './FixButton.tsx';
import { locationOf } from './problem-location.ts';
import { Words } from './Words.tsx';
import './problem-list.css';

const icons = { error: IconExclamationCircleFilled, warning: IconAlertTriangleFilled, info: IconInfoCircleFilled } as const;

/** Problems one below the other. A click selects the node and its field. */
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
