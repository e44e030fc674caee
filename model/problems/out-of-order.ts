import { MillraceError } from './problem.ts';

/**
 * Rows of a bounded input were found further out of order than assumed, after a watermark that is too high for them. Their results must be
 * undone, and the run must start over with what is known now.
 */
export class OutOfOrder extends MillraceError {
  /** How far, in milliseconds, over all of the input. */
  readonly disorder: number;

  constructor(disorder: number) {
    super({
      code: 'event-time/out-of-order',
      message: 'The rows are further out of order than their source says.',
      hint: 'Set "Out of order by at most" at the source, and run it again.',
    });
    this.disorder = disorder;
  }
}
