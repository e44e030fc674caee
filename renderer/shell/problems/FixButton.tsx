import { UnstyledButton } from '@mantine/core';
import { fixProblem, isFixable } from '../../../engine/document/edits.ts';
import type { Problem } from '../../../engine/protocol/messages.ts';
import { visible } from '../../../model/text/visible-text.ts';
import { session, usePipeline } from '../../session/session.ts';
import { Words } from './Words.tsx';

interface FixButtonProps {
  readonly problem: Problem;
  readonly className?: string;
  /** Instead of the fix's title, if the text beside the button says the rest. */
  readonly label?: string | undefined;
}

/** The button that fixes a problem, if it has a fix and the pipeline does not have it yet. An edit like any other: it can be undone. */
export function FixButton({ problem, className, label }: FixButtonProps) {
  const { node, fix } = problem;
  const pipeline = usePipeline();
  if (!node || !fix || !isFixable(pipeline, node, problem)) return null;
  return (
    <UnstyledButton
      className={className}
      title={label === undefined ? undefined : visible(fix.title)}
      onClick={() => session.edit(fix.title, (before) => fixProblem(before, node, problem))}
    >
      <Words text={label ?? fix.title} />
    </UnstyledButton>
  );
}
