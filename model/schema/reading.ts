/** A cell of a source's sample as it was written, and the value read from it. */
export interface Reading {
  readonly cell: string;
  /** Null for a missing value. */
  readonly value?: string | null;
  /** Why it cannot be read, instead of a value. */
  readonly fault?: string;
}
export type Readings = { readonly [column: string]: readonly Reading[] };
