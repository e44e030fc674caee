/** Windows without rows: each group has a result in every window that is complete, from its first one on. */

import type { KeyedState } from '@millrace/kit/keyed-state';
import type { RowFailure } from '@millrace/kit/node';
import { thousands } from '../../../model/text/thousands.ts';
import { formatTimestamp } from '../../../model/time/timestamp.ts';
import type { State } from '../../../model/values/types.ts';
import type { WindowGrid } from './window-grid.ts';
import type { Pane } from './windows.ts';

/** In a row, for one group: more are taken for a wrong time in a row. */
export const mostEmpty = 100_000;

export interface EmptyWindowsOptions {
  /** A tumbling one. */
  readonly grid: WindowGrid;
  /** The texts of the keys of all groups that have had a window. */
  readonly known: KeyedState<true>;
  /** Takes an empty result. */
  fire(start: number, end: number, key: string, pane: Pane): void;
  fail(failure: RowFailure): void;
}

export class EmptyWindows {
  readonly #options: EmptyWindowsOptions;
  /** All windows up to this end are complete; null before the first one. */
  #complete: number | null = null;
  /** The window that results are being given out of, and the groups that have had theirs. */
  #firing: { readonly end: number; readonly keys: Set<string> } | null = null;

  constructor(options: EmptyWindowsOptions) {
    this.#options = options;
  }

  /** A group's result is about to be given out, in the order of windows' ends: empty ones before it come first. */
  onTime(start: number, end: number, key: string): void {
    if (this.#firing === null || end > this.#firing.end) {
      this.#finishFiring();
      this.#fillTo(start);
      this.#firing = { end, keys: new Set() };
    }
    this.#firing.keys.add(key);
    this.#isNew(key);
  }

  /** A result of a window that was complete before. */
  late(end: number, key: string): void {
    const { grid, fire } = this.#options;
    if (!this.#isNew(key) || this.#complete === null) return;
    for (let next = grid.endAfter(end); next <= this.#complete; next = grid.endAfter(next)) fire(grid.startOf(next), next, key, 'late');
  }

  /** All that has rows, up to this time, has been given out. Infinity: up to the last window that has some. */
  completeTo(time: number): void {
    this.#finishFiring();
    if (time < Number.POSITIVE_INFINITY) this.#fillTo(time);
  }

  #isNew(key: string): boolean {
    const { known } = this.#options;
    if (known.get(key)) return false;
    known.set(key, true);
    return true;
  }

  #finishFiring(): void {
    if (this.#firing === null) return;
    const { end, keys } = this.#firing;
    this.#firing = null;
    this.#complete = end;
    this.#fill(end, keys);
  }

  #fillTo(time: number): void {
    const { grid } = this.#options;
    if (this.#complete === null || !this.#isSound(this.#complete, time)) return;
    for (let end = grid.endAfter(this.#complete); end <= time; end = grid.endAfter(end)) {
      this.#fill(end, none);
      this.#complete = end;
    }
  }

  #fill(end: number, except: ReadonlySet<string>): void {
    const { grid, known, fire } = this.#options;
    const start = grid.startOf(end);
    for (const [key] of known.entries()) if (!except.has(key)) fire(start, end, key, 'on-time');
  }

  #isSound(from: number, to: number): boolean {
    const { grid, fail } = this.#options;
    let count = 0;
    for (let end = grid.endAfter(from); end <= to; end = grid.endAfter(end)) {
      if (++count <= mostEmpty) continue;
      const message = `There are more than ${thousands(mostEmpty)} windows without rows between ${formatTimestamp(from)} and ${formatTimestamp(to)}`;
      const hint = 'Look for a row with a wrong time, make the windows longer, or leave empty ones out.';
      fail({ code: 'aggregate/gap', message, hint, field: 'emptyWindows' });
      this.#complete = grid.lastEndUpTo(to);
      return false;
    }
    return true;
  }

  snapshot(): State {
    return this.#complete;
  }
  restore(state: State): void {
    this.#complete = state as number | null;
  }
}

const none: ReadonlySet<string> = new Set();
