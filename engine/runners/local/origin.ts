import type { SourceBatch } from '@millrace/kit/node';
import type { RowPosition } from '../../../model/problems/problem.ts';
import type { Row } from '../../../model/values/types.ts';

/** Which source batch is on its way through the graph, and so where a failing row may have come from. */
export class Origin {
  /** Null: rows that come now were held back by a node, and nobody knows their place. */
  batch: SourceBatch | null = null;

  /**
   * The place of a row: exact for a row of the source itself, and for one that was made from the row at `index` of `rows`
   * when `rows` are the source's; else the lines that the whole batch came from.
   */
  locate(row: Row | undefined, rows?: readonly Row[], index = -1): RowPosition | undefined {
    const { batch } = this;
    if (!batch?.locate || batch.rows.length === 0) return undefined;
    const at = rows === batch.rows ? index : row === undefined ? -1 : batch.rows.indexOf(rows?.[index] ?? row);
    if (at >= 0) return batch.locate(at);
    const first = batch.locate(0);
    const last = batch.locate(batch.rows.length - 1);
    if (first.source !== last.source || last.line === undefined) return { source: first.source };
    return { ...first, toLine: last.line };
  }
}
