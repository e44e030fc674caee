/** Texts taken apart at delimiters or at what a pattern matches. */

import { columnSource } from '../../engine/operators/rows/rows.ts';
import { patternSource } from '../../kit/formats/patterns.ts';
import type { TransformContext } from '../../kit/node.ts';
import type { Row } from '../../model/values/types.ts';

export interface Splitting {
  readonly column: string;
  readonly by: 'delimiter' | 'pattern';
  /** `\t` and `\n` stand for a tab and a new line. */
  readonly delimiter: string;
  readonly pattern: string;
  /** Whether white space around a part counts when it is looked at for being empty. */
  readonly trim: boolean;
  /** Whether empty parts are parts. */
  readonly blanks: boolean;
}
/** Where each part of a text begins and ends. */
export type Parts = readonly { readonly start: number; readonly end: number }[];

/** Finds the parts of the text in a row's column, which must not be null. */
export function splitter(splitting: Splitting, expression: TransformContext<unknown>['expression']): (row: Row) => Parts {
  const { column, by, delimiter, pattern, trim, blanks } = splitting;
  const find =
    by === 'pattern' ? patternFinder(column, pattern, expression) : delimiterFinder(column, delimiter.replaceAll('\\t', '\t').replaceAll('\\n', '\n'));
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

function patternFinder(column: string, pattern: string, expression: TransformContext<unknown>['expression']): Finder {
  const source = `[...${columnSource(column)}.matchAll(${patternSource(pattern, 'gu')})].map((match) => [match.index, match[0].length])`;
  const find = expression(source, 'pattern') as Finder;
  return (row) => find(row).filter(([at, length]) => length > 0 || at < (row[column] as string).length);
}
