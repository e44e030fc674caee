/** What the `prepare` of an output gives that may have to do its rows once more. */
import type { Json } from '../../model/values/types.ts';

export type CommitToken = {
  /** The number of the checkpoint that it held before; null where it had none. */
  readonly before: number | null;
  /** The log that has the rows of this checkpoint once more, where the output does not decide. */
  readonly redo: string | null;
};

export function commitToken(token: Json): CommitToken {
  if (typeof token === 'object' && token !== null && 'redo' in token) return token as CommitToken;
  throw new Error(`No token of an output: ${JSON.stringify(token)}`);
}
