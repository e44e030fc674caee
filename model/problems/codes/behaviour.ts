/**
 * What may be done about an error, whoever raises it: a closed set, by which runs are restarted and connections made again.
 *
 * - `permanent`: the same pipeline, code, setting or output fails in the same way until somebody changes something. Never retried.
 * - `row`: one row is at fault. The node's error policy decides about it; never retried.
 * - `transient`: a cause of the machine or the other side that passes by itself. Retried with back-off for as long as it takes.
 * - `not-connected`: the other end (a drive, a file, a server, a permission) is away, and may come back: connect again, for as long as it
 *   takes if it existed before; otherwise it is more likely a wrong name, and permanent.
 * - `uncertain`: not known. Retried a limited number of times if a source or a sink that had worked raised it.
 * - `crashed`: the process or thread that did the work is gone. Retried a limited number of times.
 * - `end-of-input`: no error: the other side has no more rows. A source that throws it has ended.
 * - `notice`: nothing failed. It is only reported.
 */
export const behaviours = ['permanent', 'row', 'transient', 'not-connected', 'uncertain', 'crashed', 'end-of-input', 'notice'] as const;
export type Behaviour = (typeof behaviours)[number];

/** What happens then, in the words of the documentation. */
export const whatHappens: { readonly [behaviour in Behaviour]: string } = {
  permanent: 'It fails, and is not retried.',
  row: 'The row fails: the node\'s setting "When a row fails" decides.',
  transient: 'A stream waits, and tries again until it works. Anything else fails.',
  'not-connected': 'A stream that had worked connects again until that works. Anything else fails.',
  uncertain: 'A stream that had worked tries again a limited number of times. Anything else fails.',
  crashed: 'A stream is restarted a limited number of times. Anything else fails.',
  'end-of-input': 'The source ends.',
  notice: 'Nothing fails.',
};

/** The meaning of a code, independent of the message of one problem. */
export interface CodeEntry<B extends Behaviour = Behaviour> {
  readonly behaviour: B;
  /** What has happened: one sentence. */
  readonly means: string;
  /** What to do next: one sentence. */
  readonly remedy?: string;
}
export interface CodeTable {
  readonly [code: string]: CodeEntry;
}

const of =
  <B extends Behaviour>(behaviour: B) =>
  (means: string, remedy?: string): CodeEntry<B> =>
    remedy === undefined ? { behaviour, means } : { behaviour, means, remedy };

export const permanent = of('permanent');
export const row = of('row');
export const transient = of('transient');
export const notConnected = of('not-connected');
export const uncertain = of('uncertain');
export const crashed = of('crashed');
export const endOfInput = of('end-of-input');
export const notice = of('notice');
