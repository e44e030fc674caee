/** Which part of a grid is visible. Pure arithmetic: no DOM. */

import { itemAt } from '../../model/faults/missing.ts';

export const rowHeight = 24;
export const headerHeight = 28;
/** Browsers limit layouts to somewhat more than 16 million pixels; longer grids are scrolled in proportion. */
export const maxScrollHeight = 8_000_000;
const overscanRows = 6;

/** The height of the scrolled content for `total` rows. */
export function contentHeight(total: number): number {
  return Math.min(total * rowHeight, maxScrollHeight);
}

/** The rows to draw at a scroll position. `offset` is where row `first` starts, in pixels from the content's top. */
export interface RowWindow {
  readonly first: number;
  /** Exclusive. */
  readonly last: number;
  readonly offset: number;
}

export function rowWindow(scrollTop: number, viewHeight: number, total: number): RowWindow {
  const topRow = rowAtScroll(scrollTop, viewHeight, total);
  const first = Math.max(0, Math.floor(topRow) - overscanRows);
  const last = Math.min(total, Math.ceil(topRow + viewHeight / rowHeight) + overscanRows);
  return { first, last, offset: scrollTop - (topRow - first) * rowHeight };
}

/** The (fractional) row at the top of the view. */
function rowAtScroll(scrollTop: number, viewHeight: number, total: number): number {
  const real = total * rowHeight;
  if (real <= maxScrollHeight) return scrollTop / rowHeight;
  const scrollable = Math.max(1, maxScrollHeight - viewHeight);
  return ((scrollTop / scrollable) * (real - viewHeight)) / rowHeight;
}

/** The scroll position that makes `row` wholly visible, moving as little as possible. */
export function scrollToRow(row: number, scrollTop: number, viewHeight: number, total: number): number {
  const topRow = rowAtScroll(scrollTop, viewHeight, total);
  const rowsInView = Math.max(1, viewHeight / rowHeight);
  let target = topRow;
  if (row < topRow) target = row;
  else if (row + 1 > topRow + rowsInView) target = row + 1 - rowsInView;
  if (target === topRow) return scrollTop;
  const real = total * rowHeight;
  if (real <= maxScrollHeight) return Math.max(0, target * rowHeight);
  const scrollable = Math.max(1, maxScrollHeight - viewHeight);
  return Math.max(0, ((target * rowHeight) / (real - viewHeight)) * scrollable);
}

/** Where each column starts, with the total width as the last element. */
export function columnStarts(widths: readonly number[]): number[] {
  const starts = [0];
  let end = 0;
  for (const width of widths) {
    end += width;
    starts.push(end);
  }
  return starts;
}

/** The columns to draw between two horizontal positions: `first` inclusive, `last` exclusive. */
export function columnWindow(starts: readonly number[], scrollLeft: number, viewWidth: number): { readonly first: number; readonly last: number } {
  const count = starts.length - 1;
  let first = 0;
  while (first < count - 1 && itemAt(starts, first + 1) <= scrollLeft) first++;
  let last = first;
  while (last < count && itemAt(starts, last) < scrollLeft + viewWidth) last++;
  return { first: Math.max(0, first - 1), last: Math.min(count, last + 1) };
}

/** Where a column lies, from the left edge of the first. */
export function columnBox(starts: readonly number[], column: number): { readonly left: number; readonly width: number } {
  const left = itemAt(starts, column);
  return { left, width: itemAt(starts, column + 1) - left };
}

/** The scroll position that makes a column visible beside the sticky row numbers. */
export function scrollToColumn(column: number, starts: readonly number[], scrollLeft: number, viewWidth: number): number {
  const { left: start, width } = columnBox(starts, column);
  const end = start + width;
  if (start < scrollLeft || end - start > viewWidth) return start;
  if (end > scrollLeft + viewWidth) return end - viewWidth;
  return scrollLeft;
}
