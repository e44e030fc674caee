import type { Json } from '../../model/values/types.ts';
import { type NodeRow, runColumns } from './run-columns.tsx';

/** `column`: a name of `runColumns`, `node`, or null for the pipeline's own order. */
export interface Sort {
  readonly column: string | null;
  readonly isDown: boolean;
}
const unsorted: Sort = { column: null, isDown: true };

/** The sort order as stored in settings: `-rate` is rate, largest first. */
export function sortOf(setting: Json | undefined): Sort {
  if (typeof setting !== 'string' || setting === '') return unsorted;
  return setting.startsWith('-') ? { column: setting.slice(1), isDown: true } : { column: setting, isDown: false };
}

/** The sort order after a click on a column's heading, as stored in settings. Figures begin with the largest, names with A. */
export function nextSort(sort: Sort, column: string): string {
  const beginsDown = column !== 'node';
  const text = (isDown: boolean) => (isDown ? `-${column}` : column);
  if (sort.column !== column) return text(beginsDown);
  return sort.isDown === beginsDown ? text(!beginsDown) : '';
}

/** Rows without a figure come last; rows with equal figures keep their order. */
export function sorted(rows: readonly NodeRow[], { column, isDown }: Sort): readonly NodeRow[] {
  if (column === 'node') return rows.toSorted((a, b) => a.title.localeCompare(b.title) * (isDown ? -1 : 1));
  const value = runColumns.find(({ name }) => name === column)?.value;
  if (!value) return rows;
  return rows.toSorted((a, b) => {
    const [left, right] = [value(a), value(b)];
    if (left === null || right === null) return Number(left === null) - Number(right === null);
    return isDown ? right - left : left - right;
  });
}
