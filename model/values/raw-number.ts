/** A JSON number as it was written, if a double would be written differently. `JSON.stringify` returns it unchanged. */
export interface RawNumber {
  readonly rawJSON: string;
}

/** Not yet in TypeScript's own declarations. */
const { rawJSON, isRawJSON } = JSON as unknown as { rawJSON(text: string): RawNumber; isRawJSON(value: unknown): boolean };

export const rawNumber = rawJSON;
export const isRawNumber = (value: unknown): value is RawNumber => isRawJSON(value);
