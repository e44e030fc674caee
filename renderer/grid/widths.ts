import type { Cells } from '../../engine/protocol/messages.ts';
import { utc } from '../../model/time/zone.ts';
import type { Column } from '../../model/values/types.ts';
import { cellText } from '../format/value-text.ts';

export const minColumnWidth = 48;
const maxAutoWidth = 340;
const sampledRows = 60;
/** Padding left and right of a cell, and its border. */
const cellPadding = 21;
/** Type icon and its gap, in the header. */
const headerIcon = 20;

/** Widths in pixels that show the header and, within reason, the first rows. */
export function autoWidths(columns: readonly Column[], rows: readonly (Cells | null)[]): number[] {
  return columns.map((column, index) => autoWidth(column, index, rows));
}

/** The width that one column needs; `index` is its place in the rows' cells. */
export function autoWidth(column: Column, index: number, rows: readonly (Cells | null)[], { max = maxAutoWidth, zone = utc } = {}): number {
  let width = headerIcon + textWidth(column.name);
  for (let i = 0; i < rows.length && i < sampledRows; i++) {
    const cells = rows[i];
    if (cells) width = Math.max(width, textWidth(cellText(cells[index] ?? null, column.type, zone)));
  }
  return Math.round(Math.min(max, Math.max(minColumnWidth, width + cellPadding)));
}

/** The width of a text in pixels in the grid's 12 px font, estimated by kinds of characters: no layout is needed for it. */
export function textWidth(text: string): number {
  let width = 0;
  for (let i = 0; i < text.length && width < 4000; i++) width += characterWidth(text.charCodeAt(i));
  return width;
}

function characterWidth(code: number): number {
  if (code >= 0x1100 && !(code >= 0x2000 && code < 0x2e80)) return 12.5;
  // Digits and the signs between them are all as wide as a digit (tabular numbers).
  if (code >= 43 && code <= 58) return 7.9;
  if (code === 0x20 || code === 0x27 || code === 0x7c) return 4;
  if (code === 105 || code === 106 || code === 108 || code === 73 || code === 116 || code === 102 || code === 114) return 4.6;
  if (code === 109 || code === 119 || code === 77 || code === 87) return 10.8;
  if (code >= 65 && code <= 90) return 8.6;
  return 7.1;
}
