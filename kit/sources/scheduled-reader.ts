import { itemsAt } from '../../model/faults/missing.ts';
import { behaviourOf } from '../../model/problems/behaviour-of.ts';
import { MillraceError } from '../../model/problems/problem.ts';
import { compareDecimals } from '../../model/values/decimal.ts';
import type { ColumnType, Json, Row } from '../../model/values/types.ts';
import type { Reader, SourceBatch, SourceContext } from '../node.ts';

export interface Schedule {
  /** From the start of one reading to that of the next, in milliseconds. */
  readonly repeat: number;
  readonly cursorColumn: string | null;
  readonly cursorType: ColumnType | null;
}
/** Where a schedule resumes: within a reading, or at the time of the next one. */
export type SchedulePosition = {
  /** `source`: the position of the current reading; null for one that is about to begin. */
  readonly reading: { readonly source: Json; readonly startedAt: number } | null;
  /** When the next reading begins; none before that time. */
  readonly next: number;
  /** Only rows of this reading beyond it are emitted. */
  readonly cursor: number | string | null;
  /** The greatest value so far: the cursor of the next reading. */
  readonly greatest: number | string | null;
  /** A reading has been completed: from then on a failing one is retried. */
  readonly hasRead: boolean;
};

const longestBackOffMs = 300_000;

/** Reads a source to its end at even times, until it is cancelled. */
export class ScheduledReader implements Reader {
  readonly #open: (context: SourceContext) => Reader | Promise<Reader>;
  readonly #context: SourceContext;
  readonly #repeat: number;
  readonly #column: string | null;
  readonly #isGreater: (a: number | string, b: number | string) => boolean;
  /** The reading that is under way. */
  #reader: Reader | null = null;
  #reading: SchedulePosition['reading'];
  #next: number;
  #cursor: number | string | null;
  #greatest: number | string | null;
  #hasRead: boolean;
  /**
   * Set while a reading resumes where one was interrupted: rows beyond it are left to the next reading, which follows at once. Rows changed
   * meanwhile may be before the place where this one resumes, and a greater cursor would skip them.
   */
  #limit: number | string | null = null;
  #failures = 0;
  /** The wait after the last failure, in milliseconds. */
  #backOff = 0;
  /** What `fail` threw: it ends the run, and is not a failure of the reading. */
  #stop: unknown = null;
  #closed = false;
  #wake: (() => void) | null = null;

  constructor(open: (context: SourceContext) => Reader | Promise<Reader>, context: SourceContext, schedule: Schedule, start: SchedulePosition | null) {
    this.#open = open;
    this.#context = context;
    this.#repeat = schedule.repeat;
    this.#column = schedule.cursorColumn;
    this.#isGreater = schedule.cursorType === 'decimal' ? (a, b) => compareDecimals(String(a), String(b)) > 0 : (a, b) => a > b;
    this.#reading = start?.reading ?? null;
    this.#next = start?.next ?? Number.NEGATIVE_INFINITY;
    this.#cursor = start?.cursor ?? null;
    this.#greatest = start?.greatest ?? null;
    this.#hasRead = start?.hasRead ?? false;
  }

  async read(): Promise<SourceBatch | null> {
    while (!this.#isStopped()) {
      if (!this.#reader) await this.#wait();
      if (this.#isStopped()) break;
      try {
        this.#reader ??= await this.#begin();
        const batch = await this.#reader.read();
        if (this.#isStopped()) break;
        if (batch === null) {
          await this.#finish();
          await yieldThread();
        } else {
          const fresh = this.#column === null ? batch : this.#beyondCursor(batch, this.#column);
          if (fresh.rows.length > 0 || batch.rows.length === 0) return fresh;
          await yieldThread();
        }
      } catch (error) {
        await this.#failed(error);
      }
    }
    return null;
  }

  position(): Json {
    const source = this.#reader ? this.#reader.position() : (this.#reading?.source ?? null);
    const position: SchedulePosition = {
      reading: this.#reading && { source, startedAt: this.#reading.startedAt },
      next: Number.isFinite(this.#next) ? this.#next : 0,
      cursor: this.#cursor,
      greatest: this.#greatest,
      hasRead: this.#hasRead,
    };
    return position;
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#wake?.();
    await this.#reader?.close();
    this.#reader = null;
  }

  #isStopped(): boolean {
    return this.#closed || this.#context.signal.aborted;
  }

  /** Until the next reading is due: by the clock, and also after the maximum time between two readings if the clock was set back. */
  async #wait(): Promise<void> {
    const { signal, now, elapsed } = this.#context;
    const latest = elapsed() + Math.max(this.#repeat, this.#failures > 0 ? this.#backOff : 0);
    const remaining = () => Math.min(this.#next - now(), latest - elapsed());
    for (let left = remaining(); left > 0 && !this.#isStopped(); left = remaining()) {
      // In small steps, so that a changed clock, or a machine that slept, is noticed.
      const ms = Math.min(left, 60_000);
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, ms);
        const wake = () => {
          clearTimeout(timer);
          resolve();
        };
        this.#wake = wake;
        signal.addEventListener('abort', wake, { once: true });
      });
      if (this.#wake) signal.removeEventListener('abort', this.#wake);
      this.#wake = null;
    }
  }

  async #begin(): Promise<Reader> {
    this.#limit = this.#reading && this.#column !== null ? this.#greatest : null;
    this.#reading ??= { source: null, startedAt: this.#context.now() };
    return this.#open({
      ...this.#context,
      start: this.#reading.source,
      fail: (failure) => {
        try {
          this.#context.fail(failure);
        } catch (error) {
          this.#stop = error;
          throw error;
        }
      },
    });
  }

  async #finish(): Promise<void> {
    await this.#reader?.close();
    this.#reader = null;
    const now = this.#context.now();
    this.#next = this.#limit === null ? Math.max((this.#reading?.startedAt ?? now) + this.#repeat, now) : now;
    this.#limit = null;
    this.#reading = null;
    this.#cursor = this.#greatest;
    this.#hasRead = true;
    this.#failures = 0;
  }

  /**
   * A reading that fails resumes where it was, later, unless it was the very first, whose failure the user needs to know, or the failure is
   * permanent. It waits as long as the other side asks.
   */
  async #failed(error: unknown): Promise<void> {
    if (this.#isStopped()) return;
    if (error === this.#stop || !this.#hasRead) throw error;
    const told = error instanceof MillraceError ? error.problem : null;
    if (told && behaviourOf(told) === 'permanent') throw error;
    const { now, log } = this.#context;
    if (this.#reader) {
      this.#reading = { source: this.#reader.position(), startedAt: this.#reading?.startedAt ?? now() };
      await Promise.resolve(this.#reader.close()).catch(() => {});
      this.#reader = null;
    }
    const backOff = told?.retryAfterMs ?? Math.max(this.#repeat, Math.min(this.#repeat * 2 ** this.#failures, longestBackOffMs));
    this.#failures++;
    this.#backOff = backOff;
    this.#next = now() + backOff;
    const message = error instanceof Error ? error.message : String(error);
    log('warning', `It could not be read, and is tried again in ${Math.ceil(backOff / 1000)} s: ${message}`);
  }

  #beyondCursor(batch: SourceBatch, column: string): SourceBatch {
    const { rows, locate } = batch;
    const kept: number[] = [];
    let greatest = this.#greatest;
    rows.forEach((row, i) => {
      const value = row[column];
      if (typeof value !== 'number' && typeof value !== 'string') {
        const position = locate?.(i);
        this.#fail(row, column, position ? { position } : {});
        return;
      }
      if (this.#limit !== null && this.#isGreater(value, this.#limit)) return;
      if (this.#cursor === null || this.#isGreater(value, this.#cursor)) kept.push(i);
      if (greatest === null || this.#isGreater(value, greatest)) greatest = value;
    });
    this.#greatest = greatest;
    if (kept.length === rows.length) return batch;
    const fresh = itemsAt(rows, kept);
    return locate ? { rows: fresh, locate: (index) => locate(kept[index] ?? 0) } : { rows: fresh };
  }

  #fail(row: Row, column: string, place: Pick<Parameters<SourceContext['fail']>[0], 'position'>): void {
    try {
      const message = `${column} is null, but it identifies rows`;
      this.#context.fail({ code: 'schedule/cursor', message, hint: 'Choose a column that every row has as the cursor.', field: 'cursorColumn', row, ...place });
    } catch (error) {
      this.#stop = error;
      throw error;
    }
  }
}

/** Readings without new rows must not keep the thread from its messages: one of them says that the run is cancelled. */
function yieldThread(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 0));
}
