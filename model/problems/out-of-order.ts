import { MillraceError } from './problem.ts';

/**
 * Rows of a bounded input were found further out of order than they were taken to be, after a watermark that is too high for them. What
 * came of it is to be undone, and the run to start over with what is known now.
 */
export class OutOfOrder extends MillraceError {
  /** How far in milliseconds, over all of the input. */
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
