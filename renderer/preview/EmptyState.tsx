import { UnstyledButton } from '@mantine/core';
import styles from './Preview.module.css';

interface EmptyStateProps {
  readonly title: string;
  readonly text?: string;
  readonly action?: { readonly label: string; readonly run: () => void };
}

/** Why there is nothing to see, and what to do about it. */
export function EmptyState({ title, text, action }: EmptyStateProps) {
  return (
    <div className={styles.empty} role="status">
      <strong>{title}</strong>
      {text && <span>{text}</span>}
      {action && (
        <UnstyledButton className={styles.link} onClick={action.run}>
          {action.label}
        </UnstyledButton>
      )}
    </div>
  );
}
