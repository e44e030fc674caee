/**
 * Rows, columns and schemas: what flows through every port.
 *
 * One rule each, used by all nodes, previews, files and databases:
 * - `string`    a JavaScript string.
 * - `integer`   a JavaScript number that `Number.isSafeInteger` accepts. Whole numbers beyond 2^53 are never
 *               rounded: inference makes their column `decimal`, and casting one to `integer` is a row error.
 * - `number`    a finite double. NaN and the infinities are not values: they become null if users' code returns them.
 * - `decimal`   an exact decimal of at most 1,000 digits, as text: `-12.50` (decimal.ts). Zeros at its end are kept but mean
 *               nothing: 12.5 and 12.50 are equal, and one key.
 * - `boolean`   true or false.
 * - `timestamp` milliseconds since 1970-01-01T00:00:00Z, as a number. Shown and written as ISO 8601 in UTC.
 * - `date`      a day without time and zone, as ISO text: `2026-01-31`, of the years 0000 to 9999. So days are compared,
 *               ordered and written as they are. Where a time is needed, it is the day's midnight in UTC.
 * - `json`      any JSON value.
 * - `bytes`     a Uint8Array.
 * A missing value is `null`, in every type; `undefined` never occurs in a row.
 */
export const columnTypes = ['string', 'integer', 'number', 'decimal', 'boolean', 'timestamp', 'date', 'json', 'bytes'] as const;
export type ColumnType = (typeof columnTypes)[number];

export type Column = {
  readonly name: string;
  readonly type: ColumnType;
  readonly nullable: boolean;
  /** `unseen`: no row of a sample had null here, so types in code leave it out; a row that is not in the sample may still have one. */
  readonly nulls?: 'unseen' | undefined;
  /**
   * Only in a plan, for a string: the values are cells as in a file, and are written unchanged. Null is an empty one without quotes,
   * whatever marks for missing there are (engine/plan/as-written.ts).
   */
  readonly asWritten?: true;
};

/** Columns in order. Names are unique within a schema and may be any text. */
export type Schema = {
  readonly columns: readonly Column[];
  /** The row's event time, to which the stream's watermark refers. Null or absent: the rows have none. */
  readonly eventTime?: EventTime | null;
};
/** A row's event time is the value of a timestamp column plus `shift` milliseconds (-1 for the end of a half-open window). */
export type EventTime = {
  readonly column: string;
  readonly shift?: number;
  /** At a source: the type that the column had before its values were read as times. Absent if it was a timestamp already. */
  readonly from?: ColumnType;
  /** If the column contained days: the zone of their midnights. Windows of a calendar count a day on that day in their own zone. */
  readonly days?: string;
};

export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };
export type Value = Json | Uint8Array;
/** What an operator keeps between rows: plain data that a structured clone can carry. */
export type State = Value | Float64Array | Int32Array | undefined | readonly State[] | { readonly [name: string]: State };
/** A plain object that has exactly the schema's columns. Rows are never changed once they were emitted. */
export type Row = { readonly [column: string]: Value };
