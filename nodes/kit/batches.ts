import type { Row } from '../../engine/schema/types.ts';

/** Rows that a node held back leave in batches of about this size, like those that came. */
const batchSize = 1024;

export function emitInBatches(rows: Iterable<Row>, emit: (rows: readonly Row[]) => void): void {
  let batch: Row[] = [];
  for (const row of rows) {
    batch.push(row);
    if (batch.length < batchSize) continue;
    emit(batch);
    batch = [];
  }
  if (batch.length > 0) emit(batch);
}
