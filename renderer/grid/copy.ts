import type { Cells } from '../../engine/protocol/messages.ts';
import type { Column } from '../../model/values/types.ts';
import { fullText } from '../format/value-text.ts';
import type { GridRange } from './navigation.ts';

/** The maximum number of rows in one copy: more than a spreadsheet handles well. */
export const copyRowLimit = 100_000;

/**
 * The cells of a range as tab-separated text, for pasting into spreadsheets: texts with tabs, quotes or line breaks are quoted. With more
 * than one cell selected, the first line has the names of the columns.
 */
export function toTsv(columns: readonly Column[], rows: readonly Cells[], range: Pick<GridRange, 'left' | 'right'>, header: boolean): string {
  const picked = columns.slice(range.left, range.right + 1);
  const lines = rows.map((cells) => picked.map((column, i) => quoted(fullText(cells[range.left + i] ?? null, column.type))).join('\t'));
  if (header) lines.unshift(picked.map((column) => quoted(column.name)).join('\t'));
  return lines.join('\n');
}

function quoted(text: string): string {
  return /[\t\r\n"]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
