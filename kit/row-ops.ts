/** Operations that work row by row with functions of the library: see ops.ts. */
import type { ColumnType } from '../model/values/types.ts';
import type { Unfit } from './formats/casting.ts';
import { columnsOf, type NamedFormat } from './formats/log-formats.ts';
import type { TextForm } from './formats/text-reader.ts';

export type RowOp = ParseOp | SplitOp | ExtractOp | ReplaceOp | ExplodeOp | UnpivotOp;

/** A user's regular expression by its source. `field`: as in `CodeRef`. */
export interface PatternRef {
  readonly pattern: string;
  readonly field: string;
}
/** What happens to a row whose text does not match. */
export type Unmatched = 'fail' | 'null';
/** A column whose values are cast to its type. */
export interface TypedColumn {
  readonly name: string;
  readonly type: ColumnType;
  readonly field: string;
}
/** A field of a JSON value. `path` as in JavaScript: `items[0].price`. */
export interface ColumnOfPath extends TypedColumn {
  readonly path: string;
}

/** Texts in a format of their own become values, in their places or in new columns. */
export interface ParseOp {
  readonly op: 'parse';
  readonly columns: readonly {
    readonly name: string;
    readonly from: string;
    readonly format: TextForm;
    readonly field: string;
  }[];
  /** Texts that stand for null. */
  readonly missing: readonly string[];
  readonly unfit: Unfit;
}
/** A text's parts become columns in its place, or rows. */
export interface SplitOp {
  readonly op: 'split';
  readonly column: string;
  /** The delimiter of parts: a text, or what a pattern matches. */
  readonly at: string | PatternRef;
  /** White space at both ends of a part is removed. */
  readonly trim: boolean;
  /** Empty parts are parts. */
  readonly blanks: boolean;
  readonly into: SplitIntoColumns | SplitIntoRows;
}
export interface SplitIntoColumns {
  readonly kind: 'columns';
  readonly columns: readonly TypedColumn[];
  readonly keep: boolean;
  readonly surplus: 'rest' | 'fail' | 'drop';
  readonly missing: Unmatched;
  readonly unfit: Unfit;
}
export interface SplitIntoRows {
  readonly kind: 'rows';
  /** The column with the number of the part, from 1. */
  readonly position: string | null;
}
/** Columns are added with parts of another one, which is kept or dropped. */
export interface ExtractOp {
  readonly op: 'extract';
  readonly column: string;
  readonly keep: boolean;
  readonly by: ExtractByPattern | ExtractByPairs | ExtractByFormat | ExtractByPath;
}
/** The named groups of a pattern. */
export interface ExtractByPattern {
  readonly kind: 'pattern';
  readonly pattern: PatternRef;
  readonly ignoreCase: boolean;
  readonly columns: readonly TypedColumn[];
  readonly unmatched: Unmatched;
  readonly unfit: Unfit;
}
/** The values of pairs, by their keys (logfmt). */
export interface ExtractByPairs {
  readonly kind: 'logfmt';
  readonly columns: readonly (TypedColumn & { readonly key: string })[];
  readonly unmatched: Unmatched;
  readonly unfit: Unfit;
}
/** The columns of a log format. `zone`: for times without an offset, if the format has any. */
export interface ExtractByFormat {
  readonly kind: 'log';
  readonly format: NamedFormat;
  readonly zone: string | null;
  readonly unmatched: Unmatched;
}
/** Fields of a JSON value. */
export interface ExtractByPath {
  readonly kind: 'json';
  readonly columns: readonly ColumnOfPath[];
  readonly unfit: Unfit;
}
/** Values, or parts of texts, are replaced in these columns. */
export interface ReplaceOp {
  readonly op: 'replace';
  readonly columns: readonly string[];
  readonly ignoreCase: boolean;
  readonly by: ReplaceByTable | ReplaceText | ReplaceMatches | ReplaceMarks;
}
/** Old values by new ones, both as texts to be read in the type of the column, the new ones in `type` if it is not null. */
export interface ReplaceByTable {
  readonly kind: 'table';
  readonly values: readonly { readonly from: string | null; readonly to: string | null }[];
  readonly others: 'keep' | 'null' | 'fail';
  readonly type: ColumnType | null;
}
export interface ReplaceText {
  readonly kind: 'text';
  readonly find: string;
  readonly replacement: string;
}
/** `replacement` may mention groups: `$1`, `$<name>`. */
export interface ReplaceMatches {
  readonly kind: 'pattern';
  readonly pattern: PatternRef;
  readonly replacement: string;
}
/** Texts that stand for null. */
export interface ReplaceMarks {
  readonly kind: 'marks';
  readonly marks: readonly string[];
}
/** A row for each item of a list. */
export interface ExplodeOp {
  readonly op: 'explode';
  readonly column: string;
  /** What replaces the list: an item as a value, or the columns of its fields. */
  readonly items: { readonly kind: 'value'; readonly column: TypedColumn } | { readonly kind: 'columns'; readonly columns: readonly ColumnOfPath[] };
  /** The column with the number of the item, from 1. */
  readonly position: string | null;
  /** An empty list, or none, is one row with null, or no row. */
  readonly empty: 'row' | 'none';
  readonly unfit: Unfit;
}
/** Columns become rows: one for each, with its name and its value. */
export interface UnpivotOp {
  readonly op: 'unpivot';
  readonly columns: readonly string[];
  /** The columns that they become. */
  readonly name: { readonly column: string; readonly type: ColumnType };
  readonly value: { readonly column: string; readonly type: ColumnType };
  readonly nulls: 'keep' | 'drop';
  readonly unfit: Unfit;
}

/** What replaces a text that is split. */
export function columnsOfParts({ column, into }: SplitOp): string[] {
  if (into.kind === 'rows') return into.position === null ? [column] : [column, into.position];
  const names = into.columns.map(({ name }) => name);
  return into.keep ? [column, ...names] : names;
}

/** The columns that are added, in order. */
export function extractedColumns({ by }: Pick<ExtractOp, 'by'>): string[] {
  return (by.kind === 'log' ? columnsOf(by.format) : by.columns).map(({ name }) => name);
}

/** What replaces the list. */
export function columnsOfItems({ items, position }: ExplodeOp): string[] {
  const names = (items.kind === 'columns' ? items.columns : [items.column]).map(({ name }) => name);
  return position === null ? names : [...names, position];
}
