import type { Reading } from '../../../model/schema/reading.ts';
import { visible } from '../../../model/text/visible-text.ts';
import styles from './Widgets.module.css';

/** Cells of the sample, and the values read from them. */
export function CellReadings({ cells }: { readonly cells: readonly Reading[] }) {
  if (cells.length === 0) return null;
  return (
    <dl className={styles.readings} aria-label="How cells are read">
      {cells.map(({ cell, value, fault }) => (
        <div key={cell}>
          <dt>{visible(cell)}</dt>
          {fault === undefined ? (
            <dd data-null={value === null || undefined}>{value === null ? 'null' : visible(value ?? '')}</dd>
          ) : (
            <dd data-fault title={visible(fault)}>
              does not fit
            </dd>
          )}
        </div>
      ))}
    </dl>
  );
}
