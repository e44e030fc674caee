/** What a source found out about its input, and from which lines: shown where the source is configured. Plain data. */

import type { Json } from '../values/types.ts';

/** A line of the input, or a cell of it, as it is there, including quotes and line ends if they are relevant. */
export interface SeenLine {
  /** The file, if several are read. */
  readonly source?: string;
  /** Absent if it was not counted: in the middle and at the end of a file. */
  readonly line?: number;
  /** At most `seenLength` characters, and an ellipsis where there are more. */
  readonly text: string;
}

export interface Detected {
  /** The param that overrules it. */
  readonly param: string;
  /** For a param that is a list: the column whose entry overrules it. */
  readonly column?: string;
  /** In the words of the form: `Semicolon ;`. For a column, its type. */
  readonly value: string;
  /** One or more sentences, each with its full stop. */
  readonly because: string;
  readonly lines?: readonly SeenLine[];
  /** It differs from most files. */
  readonly notable?: boolean;
  /** There is evidence against it. */
  readonly doubtful?: boolean;
  /** A value of the param that is likely right, and the label of its button: `Read as windows-1252`. */
  readonly instead?: { readonly title: string; readonly value: Json };
}

/** Long enough to see what a line looks like. */
export const seenLength = 2000;

export function seen(text: string, line?: number, source?: string): SeenLine {
  return {
    ...(source !== undefined && { source }),
    ...(line !== undefined && { line }),
    text: text.length > seenLength ? `${text.slice(0, seenLength)}…` : text,
  };
}
