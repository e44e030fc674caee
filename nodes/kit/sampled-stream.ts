import type { Reader, SourceBatch } from './node.ts';

/** Rows that a stream of some hundred a second brings between two looks at it. */
const pieceRows = 50;

/**
 * A sample of an endless source in small batches, as its rows come in a run: the watermark then moves within the sample, and what
 * would be late is late in a preview too. Positions are those of the whole batches: nothing goes on from a sample.
 */
export function asStream(reader: Reader): Reader {
  let batch: SourceBatch | null = null;
  let given = 0;
  const next = (): SourceBatch | null => {
    if (batch === null) return null;
    const { rows, locate } = batch;
    const first = given;
    const piece = rows.slice(first, first + pieceRows);
    given += piece.length;
    if (given >= rows.length) batch = null;
    return { rows: piece, ...(locate && { locate: (index) => locate(first + index) }) };
  };
  const take = (found: SourceBatch | null): SourceBatch | null => {
    batch = found;
    given = 0;
    return next();
  };
  return {
    read() {
      if (batch !== null) return next();
      const found = reader.read();
      return found instanceof Promise ? found.then(take) : take(found);
    },
    position: () => reader.position(),
    close: () => reader.close(),
  };
}
