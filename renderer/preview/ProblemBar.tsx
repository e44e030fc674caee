import { UnstyledButton } from '@mantine/core';
import { IconAlertCircle, IconAlertTriangle, IconInfoCircle } from '@tabler/icons-react';
import type { Problem } from '../../engine/protocol/messages.ts';
import { sentence } from '../inspector/field-problems.ts';
import { session, usePipeline } from '../session/session.ts';
import styles from './Preview.module.css';

const icons = { error: IconAlertCircle, warning: IconAlertTriangle, info: IconInfoCircle };

/** The first of some problems in one line, with a way to where it can be mended. */
export function ProblemBar({ problems, shownNode }: { readonly problems: readonly Problem[]; readonly shownNode?: string }) {
  const pipeline = usePipeline();
  const problem = problems.find(({ severity }) => severity === 'error') ?? problems[0];
  if (!problem) return null;
  const Icon = icons[problem.severity];
  const { node, field, range } = problem;
  const elsewhere = node && node !== shownNode && pipeline.nodes[node];
  return (
    <div className={styles.problem} data-severity={problem.severity} role="alert">
      <Icon size={15} stroke={1.8} aria-label={problem.severity} />
      <span className={styles.problemText} title={problem.hint ? `${problem.message}\n${problem.hint}` : problem.message}>
        {elsewhere && <strong>{elsewhere.title ?? node}: </strong>}
        {sentence(problem.message)}
        {problem.hint && <span className={styles.hint}> {problem.hint}</span>}
      </span>
      {node && pipeline.nodes[node] && (elsewhere || field) && (
        <UnstyledButton className={styles.link} onClick={() => session.showField(node, field ?? null, range)}>
          Show
        </UnstyledButton>
      )}
      {problems.length > 1 && (
        <UnstyledButton className={styles.link} onClick={() => session.showDock('problems')}>
          {problems.length - 1} more
        </UnstyledButton>
      )}
    </div>
  );
}
