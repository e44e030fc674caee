import type { TransformContext } from '@millrace/kit/node';
import type { Row } from '../../../model/values/types.ts';

/** Rows that a node held back leave in batches of about this size, like those that came. */
const batchSize = 1024;

export function emitInBatches(rows: Iterable<Row>, emit: (rows: readonly Row[]) => void): void {
  for (const batch of inBatches(rows)) emit(batch);
}

/** Rows in batches of that size. */
export function* inBatches(rows: Iterable<Row>): Iterable<readonly Row[]> {
  let batch: Row[] = [];
  for (const row of rows) {
    batch.push(row);
    if (batch.length < batchSize) continue;
    yield batch;
    batch = [];
  }
  if (batch.length > 0) yield batch;
}

/**
 * For what takes long, or may be more than memory holds: between two steps the rest of the run gets its turns, so that sinks keep up
 * and the run can be cancelled, which ends this early. Done at once where nobody wants a turn.
 */
export function inTurns<T>(
  steps: Iterable<T>,
  { yieldNow, signal }: Pick<TransformContext<unknown>, 'yieldNow' | 'signal'>,
  take: (step: T) => unknown,
): void | Promise<void> {
  const left = steps[Symbol.iterator]();
  const takeNext = (): boolean => {
    const { done, value } = left.next();
    if (!done) take(value);
    return !done;
  };
  const takeRest = async (pause: Promise<void>): Promise<void> => {
    await pause;
    while (!signal.aborted && takeNext()) await yieldNow();
  };
  while (takeNext()) {
    const pause = yieldNow();
    if (pause) return takeRest(pause);
  }
}
