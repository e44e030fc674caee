import { UnstyledButton } from '@mantine/core';
import { fixProblem, isFixable } from '../../engine/document/edits.ts';
import type { Problem } from '../../engine/protocol/messages.ts';
import { visible } from '../../engine/schema/visible-text.ts';
import { session, usePipeline } from '../session/session.ts';

/** The one click that mends a problem, where it says one and the pipeline does not have it yet. An edit like any other: it can be undone. */
export function FixButton({ problem: { node, fix }, className }: { readonly problem: Problem; readonly className?: string }) {
  const pipeline = usePipeline();
  if (!node || !fix || !isFixable(pipeline, node, fix)) return null;
  return (
    <UnstyledButton className={className} onClick={() => session.edit(fix.title, (before) => fixProblem(before, node, fix))}>
      {visible(fix.title)}
    </UnstyledButton>
  );
}
