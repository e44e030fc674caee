/** Readers around a source's own reader: they know the event time of its rows, and so its watermark. */
import { beginningOfTime } from '../../engine/schema/event-time.ts';
import { SteadyClock } from '../../engine/schema/steady-clock.ts';
import { formatTimestamp } from '../../engine/schema/timestamp.ts';
import type { Json, Row } from '../../engine/schema/types.ts';
import type { Reader, SourceBatch, SourceContext, WatermarkStep } from './node.ts';
import type { TimeValues } from './time-values.ts';

export interface TimedPosition {
  /** The position of the source itself. */
  readonly source: Json;
  /** The greatest time that moved the watermark, or null. */
  readonly time: number | null;
}

/** Durations are in milliseconds. */
export interface ColumnTime {
  readonly column: string;
  /** Null where the column holds timestamps. */
  readonly values: TimeValues | null;
  readonly outOfOrder: number;
  readonly idleAfter: number | null;
  readonly ahead: number | null;
}

/** A reader around another: what both kinds of event time have in common. */
abstract class TimedReader implements Reader {
  readonly #reader: Reader;
  readonly #signal: AbortSignal;
  /** The greatest time that counts. */
  protected greatest: number;
  /** The last watermark that was given out: after a restart none. */
  protected told = beginningOfTime;
  committed?: Reader['committed'];
  backlog?: Reader['backlog'];
  progress?: Reader['progress'];

  constructor(reader: Reader, signal: AbortSignal, greatest: number | null) {
    this.#reader = reader;
    this.#signal = signal;
    this.greatest = greatest ?? beginningOfTime;
    if (reader.committed) this.committed = (position, checkpoint) => reader.committed!((position as unknown as TimedPosition).source, checkpoint);
    if (reader.backlog) this.backlog = () => reader.backlog!();
    if (reader.progress) this.progress = () => reader.progress!();
  }

  /** The rows that have a time, with the watermarks that rise before the last of them; raises `greatest` and `told`. */
  protected abstract time(batch: SourceBatch): SourceBatch;
  protected abstract watermark(): number;

  read(): SourceBatch | null | Promise<SourceBatch | null> {
    const batch = this.#reader.read();
    return batch instanceof Promise ? batch.then((found) => this.#timed(found)) : this.#timed(batch);
  }

  #timed(first: SourceBatch | null): SourceBatch | null | Promise<SourceBatch | null> {
    for (let batch = first; batch !== null; ) {
      const { rows, locate, watermarks = [] } = this.time(batch);
      const { watermark } = this.risen();
      const steps = watermark === undefined ? watermarks : [...watermarks, { after: rows.length, watermark }];
      if (rows.length > 0) return { rows, ...(locate && { locate }), ...(steps.length > 0 && { watermarks: steps }) };
      if (this.#signal.aborted) return null;
      const next = this.#reader.read();
      if (next instanceof Promise) return next.then((found) => this.#timed(found));
      batch = next;
    }
    return null;
  }

  /** The watermark, if it has risen since it was told last. */
  protected risen(): { readonly watermark?: number } {
    const watermark = this.watermark();
    if (watermark <= this.told) return {};
    this.told = watermark;
    return { watermark };
  }

  abstract waiting(): { readonly watermark?: number; readonly idle?: boolean };

  position(): Json {
    return { source: this.#reader.position(), time: this.greatest === beginningOfTime ? null : this.greatest };
  }

  close(): void | Promise<void> {
    return this.#reader.close();
  }
}

/** The time that a column holds. */
export class ColumnTimeReader extends TimedReader {
  readonly #context: SourceContext<unknown>;
  readonly #column: string;
  readonly #values: TimeValues | null;
  readonly #outOfOrder: number;
  readonly #idleAfter: number | null;
  readonly #ahead: number | null;
  #lastRowAt: number;
  #tooFarAhead = 0;

  constructor(reader: Reader, context: SourceContext<unknown>, { column, values, outOfOrder, idleAfter, ahead }: ColumnTime, time: number | null) {
    super(reader, context.signal, time);
    this.#context = context;
    this.#column = column;
    this.#values = values;
    this.#outOfOrder = outOfOrder;
    this.#idleAfter = idleAfter;
    this.#ahead = ahead;
    this.#lastRowAt = context.elapsed();
  }

  protected time(batch: SourceBatch): SourceBatch {
    if (this.#idleAfter !== null) this.#lastRowAt = this.#context.elapsed();
    const limit = this.#ahead === null ? Number.POSITIVE_INFINITY : this.#context.now() + this.#ahead;
    return this.#values ? this.#converted(batch, this.#values, limit) : this.#checked(batch, limit);
  }

  protected watermark(): number {
    return this.greatest === beginningOfTime ? beginningOfTime : this.greatest - this.#outOfOrder - 1;
  }

  waiting(): { readonly watermark?: number; readonly idle?: boolean } {
    return { ...this.risen(), ...(this.#idleAfter !== null && { idle: this.#context.elapsed() - this.#lastRowAt >= this.#idleAfter }) };
  }

  override close(): void | Promise<void> {
    if (this.#tooFarAhead > 1) this.#context.log('warning', `${this.#tooFarAhead} rows had times that were too far ahead of this machine's clock.`);
    return super.close();
  }

  /** A column of timestamps: only a null is wrong. */
  #checked(batch: SourceBatch, limit: number): SourceBatch {
    const { rows } = batch;
    const column = this.#column;
    const watermarks: WatermarkStep[] = [];
    let greatest = this.greatest;
    let ahead = 0;
    let missing = 0;
    for (let i = 0; i < rows.length; i++) {
      const time = rows[i]![column];
      if (typeof time !== 'number') missing++;
      else if (time > greatest) {
        if (time > limit) ahead++;
        else greatest = time;
      } else if (time < greatest - this.#outOfOrder) this.#step(watermarks, i - missing, greatest);
    }
    this.greatest = greatest;
    if (ahead > 0)
      this.#warn(
        ahead,
        rows.reduce((most, row) => Math.max(most, Number(row[column] ?? 0)), 0),
      );
    if (missing === 0) return watermarks.length > 0 ? { ...batch, watermarks } : batch;
    const kept: number[] = [];
    rows.forEach((row, i) => {
      if (typeof row[column] === 'number') kept.push(i);
      else this.#fail(row, batch, i, '');
    });
    return { ...only(batch, kept), watermarks };
  }

  /** A row is behind the watermark of the rows before it: that watermark goes first, so that the row is late in any batch. */
  #step(watermarks: WatermarkStep[], after: number, greatest: number): void {
    const watermark = greatest - this.#outOfOrder - 1;
    if (watermark <= this.told) return;
    this.told = watermark;
    watermarks.push({ after, watermark });
  }

  /** Rows with their times read; those that do not fit are reported. */
  #converted(batch: SourceBatch, values: TimeValues, limit: number): SourceBatch {
    const column = this.#column;
    const kept: number[] = [];
    const rows: Row[] = [];
    const watermarks: WatermarkStep[] = [];
    let greatest = this.greatest;
    let ahead = 0;
    let furthest = 0;
    for (let i = 0; i < batch.rows.length; i++) {
      const row = batch.rows[i]!;
      const time = values.read(row[column]!);
      // NaN
      if (!(time <= Number.MAX_SAFE_INTEGER)) {
        this.#fail(row, batch, i, values.fault(row[column]!));
        continue;
      }
      if (time > greatest) {
        if (time > limit) {
          ahead++;
          if (time > furthest) furthest = time;
        } else greatest = time;
      } else if (time < greatest - this.#outOfOrder) this.#step(watermarks, rows.length, greatest);
      const copy: Record<string, Row[string]> = { ...row };
      copy[column] = time;
      rows.push(copy);
      kept.push(i);
    }
    this.greatest = greatest;
    if (ahead > 0) this.#warn(ahead, furthest);
    return { ...located(batch, rows, kept), watermarks };
  }

  #warn(rows: number, furthest: number): void {
    if (this.#tooFarAhead === 0) {
      const message = `A row's time, ${formatTimestamp(furthest)}, is too far ahead of this machine's clock: such rows pass, but close no window.`;
      this.#context.log('warning', message);
    }
    this.#tooFarAhead += rows;
  }

  #fail(row: Row, batch: SourceBatch, index: number, fault: string): void {
    const value = row[this.#column] ?? null;
    const position = batch.locate?.(index);
    const isNull = value === null;
    this.#context.fail({
      code: isNull ? 'event-time/missing' : 'event-time/format',
      message: isNull ? `${this.#column} is null, but every row needs an event time` : `${this.#column} ${JSON.stringify(value)} ${fault}`,
      hint: fault.includes('finer')
        ? 'Set "Finer than 1 ms" to "Is cut off" at the source, or keep the time in a column of its own.'
        : 'Choose another time column or format at the source, or let its error policy skip such rows.',
      field: 'timeColumn',
      row,
      ...(position && { position }),
    });
  }
}

/** The time at which a row was read: this machine's clock, as long as that does not go back (see `SteadyClock`). */
export class ArrivalReader extends TimedReader {
  readonly #clock: SteadyClock;
  readonly #column: string;

  constructor(reader: Reader, context: SourceContext<unknown>, column: string, time: number | null) {
    super(reader, context.signal, time);
    this.#clock = new SteadyClock(context.now, context.elapsed, this.greatest);
    this.#column = column;
  }

  protected time(batch: SourceBatch): SourceBatch {
    this.greatest = this.#clock.now();
    const column = this.#column;
    const now = this.greatest;
    const rows = batch.rows.map((row) => {
      const copy: Record<string, Row[string]> = { ...row };
      copy[column] = now;
      return copy;
    });
    return { rows, ...(batch.locate && { locate: batch.locate }) };
  }

  protected watermark(): number {
    return this.greatest === beginningOfTime ? beginningOfTime : this.greatest - 1;
  }

  waiting(): { readonly watermark?: number } {
    this.greatest = this.#clock.now();
    return this.risen();
  }
}

/** These rows of a batch; `kept` are their places in it. */
function only(batch: SourceBatch, kept: readonly number[]): SourceBatch {
  return located(
    batch,
    kept.map((i) => batch.rows[i]!),
    kept,
  );
}

function located({ locate }: SourceBatch, rows: readonly Row[], kept: readonly number[]): SourceBatch {
  return locate ? { rows, locate: (index) => locate(kept[index] ?? 0) } : { rows };
}
