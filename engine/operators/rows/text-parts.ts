/** Texts taken apart at delimiters or at what a pattern matches. */

import { patternSource } from '@millrace/kit/formats/patterns';
import type { PatternRef, SplitOp } from '@millrace/kit/row-ops';
import type { Row } from '../../../model/values/types.ts';
import type { RowsContext } from '../ports.ts';
import { columnSource } from './rows.ts';

type Splitting = Pick<SplitOp, 'column' | 'at' | 'trim' | 'blanks'>;
/** Where each part of a text begins and ends. */
export type Parts = readonly { readonly start: number; readonly end: number }[];

/** Finds the parts of the text in a row's column, which must not be null. */
export function splitter(splitting: Splitting, expression: RowsContext['expression']): (row: Row) => Parts {
  const { column, at, trim, blanks } = splitting;
  const find = typeof at === 'string' ? delimiterFinder(column, at) : patternFinder(column, at, expression);
  return (row) => {
    const text = row[column] as string;
    const parts: { start: number; end: number }[] = [];
    let start = 0;
    for (const [at, length] of [...find(row), [text.length, 0] as const]) {
      // Between two characters a pattern may match nothing; before the first and behind the last that is no place to split.
      if (length === 0 && at < text.length && at === start) continue;
      if (blanks || (trim ? text.slice(start, at).trim() : text.slice(start, at)) !== '') parts.push({ start, end: at });
      start = at + length;
    }
    return parts;
  };
}

/** Where a text is to be split, as places and lengths. */
type Finder = (row: Row) => readonly (readonly [at: number, length: number])[];

function delimiterFinder(column: string, delimiter: string): Finder {
  return (row) => {
    const text = row[column] as string;
    const found: [number, number][] = [];
    for (let at = text.indexOf(delimiter); at >= 0; at = text.indexOf(delimiter, at + delimiter.length)) found.push([at, delimiter.length]);
    return found;
  };
}

function patternFinder(column: string, { pattern, field }: PatternRef, expression: RowsContext['expression']): Finder {
  const source = `[...${columnSource(column)}.matchAll(${patternSource(pattern, 'gu')})].map((match) => [match.index, match[0].length])`;
  const find = expression(source, field) as Finder;
  return (row) => find(row).filter(([at, length]) => length > 0 || at < (row[column] as string).length);
}
