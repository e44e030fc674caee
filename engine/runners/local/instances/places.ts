/** Where rows came from, on their way to another thread: failures are told with their places there. */
import { itemAt } from '../../../../model/faults/missing.ts';
import type { RowPosition } from '../../../../model/problems/problem.ts';
import type { Row } from '../../../../model/values/types.ts';
import type { Origin } from '../origin.ts';
import type { PackedPlaces } from './messages.ts';
import type { Places } from './outbox.ts';

/** Of these rows, of the batch that is on its way; null where nobody knows. */
export function placesOf({ batch }: Origin, rows: readonly Row[]): Places | null {
  if (!batch?.locate || batch.rows.length === 0) return null;
  const { locate } = batch;
  const found = rows === batch.rows ? null : indexesIn(batch.rows, rows);
  if (found === 'unknown') {
    const { source, line, toLine } = rangeOf(locate(0), locate(batch.rows.length - 1));
    return { pick: () => ({ source, lines: Float64Array.of(line ?? Number.NaN), toLine }) };
  }
  return {
    pick(indexes) {
      const positions = indexes.map((index) => locate(found === null ? index : itemAt(found, index)));
      const sources = positions.map(({ source }) => source);
      return {
        source: sources.every((source) => source === sources[0]) ? sources[0] : sources,
        lines: Float64Array.from(positions, ({ line }) => line ?? Number.NaN),
        toLine: undefined,
      };
    },
  };
}

/** As of `SourceBatch.locate`, of rows that have arrived. */
export function locator({ source, lines, toLine }: PackedPlaces): (index: number) => RowPosition {
  return (index) => {
    const line = lines[toLine === undefined ? index : 0];
    return {
      source: (Array.isArray(source) ? source[index] : source) as string,
      ...(line !== undefined && !Number.isNaN(line) && { line }),
      ...(toLine !== undefined && { toLine }),
    };
  };
}

function rangeOf(first: RowPosition, last: RowPosition): RowPosition {
  if (first.source !== last.source || last.line === undefined) return { source: first.source };
  return { ...first, toLine: last.line };
}

/** Rows that went on as they are, perhaps some of them left out, are found in one pass. */
function indexesIn(all: readonly Row[], rows: readonly Row[]): number[] | 'unknown' {
  const indexes: number[] = [];
  let next = 0;
  for (const row of rows) {
    while (next < all.length && all[next] !== row) next++;
    if (next === all.length) return 'unknown';
    indexes.push(next++);
  }
  return indexes;
}
