/** What a source found out about its input, and from which lines: shown where the source is set up. Plain data. */

import type { Json } from '../values/types.ts';

/** A line of the input, or a cell of it, as it stands there: marks and line ends included, as far as they tell something. */
export interface SeenLine {
  /** The file, where several are read. */
  readonly source?: string;
  /** Absent where nobody has counted: in the middle and at the end of a file. */
  readonly line?: number;
  /** At most `seenLength` characters, and an ellipsis where there are more. */
  readonly text: string;
}

export interface Detected {
  /** The param that overrules it. */
  readonly param: string;
  /** For a param that is a list: the column whose entry overrules it. */
  readonly column?: string;
  /** In the words of the form: `Semicolon ;`. Of a column, its type. */
  readonly value: string;
  /** One sentence or several, each with its full stop. */
  readonly because: string;
  readonly lines?: readonly SeenLine[];
  /** It is other than in most files. */
  readonly notable?: boolean;
  /** There is evidence against it. */
  readonly doubtful?: boolean;
  /** A value of the param that is likely right, and what a button for it says: `Read as windows-1252`. */
  readonly instead?: { readonly title: string; readonly value: Json };
}

/** Long enough to see what a line is like. */
export const seenLength = 2000;

export function seen(text: string, line?: number, source?: string): SeenLine {
  return {
    ...(source !== undefined && { source }),
    ...(line !== undefined && { line }),
    text: text.length > seenLength ? `${text.slice(0, seenLength)}…` : text,
  };
}
