import { UnstyledButton } from '@mantine/core';
import type { ReactNode } from 'react';
import styles from './Panel.module.css';
import { Words } from './problems/Words.tsx';

interface EmptyStateProps {
  readonly title: string;
  readonly text?: string;
  readonly action?: { readonly label: string; readonly run: () => void };
  /** Before the action. */
  readonly children?: ReactNode;
}

/** Why there is nothing to see, and what to do about it. */
export function EmptyState({ title, text, action, children }: EmptyStateProps) {
  return (
    <div className={styles.empty} role="status">
      <strong>
        <Words text={title} />
      </strong>
      {text && (
        <span>
          <Words text={text} />
        </span>
      )}
      {children}
      {action && (
        <UnstyledButton className={styles.link} onClick={action.run}>
          {action.label}
        </UnstyledButton>
      )}
    </div>
  );
}
