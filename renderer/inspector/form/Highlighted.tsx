// biome-ignore-all lint/suspicious/noArrayIndexKey: tokens have no identity but their place.

import styles from './Highlighted.module.css';
import { highlight } from './highlight.ts';

/** Highlighted code that cannot be edited here. */
export function Highlighted({ source }: { readonly source: string }) {
  return (
    <span className={styles.highlighted}>
      {highlight(source).map((token, index) => (
        <span key={index} data-token={token.kind}>
          {token.text}
        </span>
      ))}
    </span>
  );
}
