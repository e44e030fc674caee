import { titleLimit } from '../../graph/rename.ts';
import styles from './Inspector.module.css';

/** Shows the remaining number of characters of a field once there are few. */
export function LimitNote({ text, limit = titleLimit }: { readonly text: string; readonly limit?: number }) {
  if (text.length < limit * 0.9) return null;
  return (
    <div role="status" className={styles.help}>
      {text.length} of {limit} characters{text.length >= limit && ': limit reached'}
    </div>
  );
}
