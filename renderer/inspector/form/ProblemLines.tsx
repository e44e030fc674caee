// biome-ignore-all lint/suspicious/noArrayIndexKey: the parts have no identity but their place.
import { IconAlertCircle, IconAlertTriangle, IconInfoCircle } from '@tabler/icons-react';
import type { Problem } from '../../../engine/protocol/messages.ts';
import styles from '../../inspector/form/Inspector.module.css';
import { FixButton } from '../../shell/problems/FixButton.tsx';
import { sentence } from '../../shell/problems/field-problems.ts';
import { Words } from '../../shell/problems/Words.tsx';

const icons = { error: IconAlertCircle, warning: IconAlertTriangle, info: IconInfoCircle };

/** Problems in words, at the place that they are about. */
export function ProblemLines({ id, problems }: { readonly id?: string; readonly problems: readonly Problem[] }) {
  if (problems.length === 0) return null;
  return (
    <div id={id} className={styles.problems}>
      {problems.map((problem, index) => {
        const Icon = icons[problem.severity];
        return (
          <div key={index} className={styles.problem} data-severity={problem.severity} role={problem.severity === 'error' ? 'alert' : 'status'}>
            <Icon size={14} stroke={1.8} aria-label={problem.severity} />
            <span>
              <Words text={sentence(problem.message)} />
              {problem.hint && (
                <span className={styles.hint}>
                  {' '}
                  <Words text={sentence(problem.hint)} />
                </span>
              )}
              {problem.fix && (
                <>
                  {' '}
                  <FixButton problem={problem} className={styles.link} />
                </>
              )}
            </span>
          </div>
        );
      })}
    </div>
  );
}
