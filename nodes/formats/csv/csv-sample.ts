/** What was read of CSV files to detect their format. */
import type { ByteOptions } from '../../../io/files/byte-reader.ts';
import type { InputFile } from '../../../io/files/input-files.ts';
import type { Beginning } from '../../../io/files/stretches.ts';
import type { ParamFix } from '../../../model/problems/problem.ts';
import type { SeenLine } from '../../../model/schema/detected.ts';
import type { CellFormats } from '../cells/cell-formats.ts';
import type { CsvLayout, DialectOptions } from './csv-dialect.ts';
import type { RowWidth } from './csv-parser.ts';

export interface CsvHeadOptions extends DialectOptions {
  readonly encoding: string;
  readonly lineEnds: NonNullable<ByteOptions['lineEnds']>;
  /** The marks for missing. */
  readonly nullText: string;
  readonly formats?: CellFormats;
  /** How many rows at the beginning of a file are used to infer the types. */
  readonly sampleRows: number;
  readonly width: RowWidth;
}
export interface CsvHead extends CsvLayout {
  /** As the file has them; null without a header. */
  readonly names: readonly string[] | null;
  readonly rows: readonly (readonly (string | null)[])[];
  /** How many of the first rows could not be read, and the first of these. */
  readonly unreadable: number;
  readonly firstUnreadable: { readonly line: number; readonly message: string; readonly hint: string; readonly fix: ParamFix | null } | null;
  readonly beginning: Beginning;
  /** The line where each of the rows begins. */
  readonly rowLines: readonly number[];
  /** The first line of each kind, as it is in the file. */
  readonly first: { readonly [kind in LineKind]: SeenLine | null };
  readonly counts: { readonly comments: number; readonly quoted: number };
  /** The first skipped lines, and the one among them that names the delimiter. */
  readonly preamble: readonly SeenLine[];
  readonly sepLine: SeenLine | null;
}
export type LineKind = 'header' | 'row' | 'comment' | 'quoted' | 'escaped';

/** Rows of one file from which types were inferred: those of its head first, then others whose lines were not counted. */
export interface CsvSample {
  readonly file: InputFile;
  readonly head: CsvHead;
  /** Of its columns. */
  readonly names: readonly string[];
  readonly rows: CsvHead['rows'];
}
