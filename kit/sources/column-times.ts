/** The event time of rows by one of their columns, and the resulting watermark. */

import { itemsAt } from '../../model/faults/missing.ts';
import { OutOfOrder } from '../../model/problems/out-of-order.ts';
import { beginningOfTime } from '../../model/schema/event-time.ts';
import { SteadyClock } from '../../model/time/steady-clock.ts';
import { formatTimestamp } from '../../model/time/timestamp.ts';
import type { Row } from '../../model/values/types.ts';
import type { OrderCare, Part, RowFailure, SourceBatch, WatermarkStep } from '../node.ts';
import { type ColumnTime, type TimeValues, timeValues } from './time-values.ts';

/** How long a part whose rows have all been read still holds the watermark back, if no time is set. */
const partIdleMs = 5000;

export interface TimeContext {
  readonly order?: OrderCare | undefined;
  now(): number;
  elapsed(): number;
  log(level: 'info' | 'warning', message: string): void;
  fail(failure: RowFailure): void;
}
/** The greatest times that moved the watermark; by part if there are parts. */
export type Greatest = {
  readonly time: number | null;
  readonly parts?: { readonly [part: string]: number };
};
interface PartTime {
  greatest: number;
  rowAt: number;
}

export class ColumnTimes {
  readonly #context: TimeContext;
  readonly #column: string;
  readonly #values: TimeValues | null;
  readonly #outOfOrder: number;
  readonly #idleAfter: number | null;
  readonly #quietAfter: number | null;
  readonly #ahead: number | null;
  readonly #clock: SteadyClock;
  readonly #listParts: (() => Iterable<Part>) | null;
  readonly #parts = new Map<string, PartTime>();
  #rowAt: number;
  #greatest: number;
  /** The last watermark emitted: after a restart none. */
  #told = beginningOfTime;
  #tooFarAhead = 0;
  /** How far the rows so far are out of order, if that is more than allowed and the run can start over; otherwise null. */
  #disorder: number | null = null;

  /** `listParts`: see `Reader.parts`. */
  constructor(context: TimeContext, time: ColumnTime, start: Greatest | null = null, listParts: (() => Iterable<Part>) | null = null) {
    this.#context = context;
    this.#column = time.column;
    this.#values = time.reading && timeValues(time.reading);
    this.#outOfOrder = Math.max(time.outOfOrder, context.order?.disorder ?? 0);
    this.#idleAfter = time.idleAfter;
    this.#quietAfter = this.#outOfOrder < Number.POSITIVE_INFINITY ? time.quietAfter : null;
    this.#ahead = time.ahead;
    this.#clock = new SteadyClock(context.now, context.elapsed);
    this.#listParts = listParts;
    this.#rowAt = context.elapsed();
    this.#greatest = start?.time ?? beginningOfTime;
    for (const [part, greatest] of Object.entries(start?.parts ?? {})) this.#parts.set(part, { greatest, rowAt: this.#rowAt });
  }

  get greatest(): Greatest {
    const time = this.#greatest === beginningOfTime ? null : this.#greatest;
    if (!this.#listParts) return { time };
    return { time, parts: Object.fromEntries([...this.#parts].flatMap(([id, { greatest }]) => (greatest === beginningOfTime ? [] : [[id, greatest]]))) };
  }

  /** A row was found that is too late for the assumed order: from now on only `time` may be called, with all remaining rows. */
  get isOutOfOrder(): boolean {
    return this.#disorder !== null;
  }
  outOfOrder(): OutOfOrder {
    return new OutOfOrder(this.#disorder ?? 0);
  }

  /** The rows that have a time, with the watermarks that have risen by the end of them. Rows without one fail. */
  time(batch: SourceBatch): SourceBatch {
    if (this.#idleAfter !== null || this.#quietAfter !== null || this.#listParts) this.#rowAt = this.#context.elapsed();
    const limit = this.#ahead === null ? Number.POSITIVE_INFINITY : this.#context.now() + this.#ahead;
    const part = this.#partOf(batch);
    const { rows, locate, watermarks = [] } = this.#values ? this.#converted(batch, part, this.#values, limit) : this.#checked(batch, part, limit);
    // Rows that failed move no watermark: one that had risen before is sent with the next row, or by `waiting`.
    const { watermark } = rows.length > 0 ? this.risen() : {};
    const steps = watermark === undefined ? watermarks : [...watermarks, { after: rows.length, watermark }];
    return { rows, ...(locate && { locate }), ...(steps.length > 0 && { watermarks: steps }) };
  }

  /** The watermark, if it has risen since it was last returned. */
  risen(): { readonly watermark?: number } {
    return this.#tell(this.#watermark());
  }

  /** Advances time without rows. */
  waiting(): { readonly watermark?: number; readonly idle?: boolean } {
    const quietMs = this.#context.elapsed() - this.#rowAt;
    const quietAfter = this.#greatest > beginningOfTime ? this.#quietAfter : null;
    const isQuiet = quietAfter !== null && quietMs >= quietAfter;
    const watermark = isQuiet ? Math.max(this.#watermark(), this.#clock.now() - quietAfter - 1) : this.#watermark();
    return { ...this.#tell(watermark), ...(this.#idleAfter !== null && { idle: quietMs >= this.#idleAfter && !this.#isPartWaiting() }) };
  }

  close(): void {
    if (this.#tooFarAhead > 1) this.#context.log('warning', `${this.#tooFarAhead} rows had times that were too far ahead of this machine's clock.`);
  }

  #tell(watermark: number): { readonly watermark?: number } {
    if (watermark <= this.#told) return {};
    this.#told = watermark;
    return { watermark };
  }

  #watermark(): number {
    const greatest = this.#listParts ? this.#greatestOfParts(this.#listParts()) : this.#greatest;
    return greatest === beginningOfTime ? beginningOfTime : greatest - this.#outOfOrder - 1;
  }

  #partOf({ part }: SourceBatch): PartTime | null {
    if (!this.#listParts || part === undefined) return null;
    const found = this.#parts.get(part) ?? { greatest: beginningOfTime, rowAt: 0 };
    found.rowAt = this.#rowAt;
    this.#parts.set(part, found);
    return found;
  }

  /** A source that has not given what it has is slow, not idle. */
  #isPartWaiting(): boolean {
    for (const { isWaiting } of this.#listParts?.() ?? []) if (isWaiting) return true;
    return false;
  }

  /** The minimum of the parts that are being read, or if there are none, the maximum. */
  #greatestOfParts(parts: Iterable<Part>): number {
    const idleBefore = this.#context.elapsed() - (this.#idleAfter ?? partIdleMs);
    let least = Number.POSITIVE_INFINITY;
    const listed = new Set<string>();
    for (const { id, isWaiting, isReadFirst } of parts) {
      listed.add(id);
      if (isReadFirst) least = beginningOfTime;
      const found = this.#parts.get(id);
      if (isWaiting) least = Math.min(least, found?.greatest ?? beginningOfTime);
      else if (found && found.rowAt > idleBefore && found.greatest > beginningOfTime) least = Math.min(least, found.greatest);
    }
    for (const id of this.#parts.keys()) if (!listed.has(id)) this.#parts.delete(id);
    return least === Number.POSITIVE_INFINITY ? this.#greatest : least;
  }

  /** A column of timestamps: only a null is wrong. */
  #checked(batch: SourceBatch, part: PartTime | null, limit: number): SourceBatch {
    const { rows } = batch;
    const column = this.#column;
    const watermarks: WatermarkStep[] = [];
    let greatest = part ? part.greatest : this.#greatest;
    let ahead = 0;
    let missing = 0;
    let i = -1;
    for (const { [column]: time } of rows) {
      i++;
      if (typeof time !== 'number') missing++;
      else if (time > greatest) {
        if (time > limit) ahead++;
        else greatest = time;
      } else if (time < greatest - this.#outOfOrder) this.#behind(watermarks, i - missing, greatest, time, part);
    }
    this.#settle(greatest, part);
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

  /** Rows with their times read; those that do not fit are reported. */
  #converted(batch: SourceBatch, part: PartTime | null, values: TimeValues, limit: number): SourceBatch {
    const column = this.#column;
    const kept: number[] = [];
    const rows: Row[] = [];
    const watermarks: WatermarkStep[] = [];
    let greatest = part ? part.greatest : this.#greatest;
    let ahead = 0;
    let furthest = 0;
    let i = -1;
    for (const row of batch.rows) {
      i++;
      const cell = row[column] ?? null;
      const time = values.read(cell);
      // NaN
      if (!(time <= Number.MAX_SAFE_INTEGER)) {
        this.#fail(row, batch, i, values.fault(cell));
        continue;
      }
      if (time > greatest) {
        if (time > limit) {
          ahead++;
          if (time > furthest) furthest = time;
        } else greatest = time;
      } else if (time < greatest - this.#outOfOrder) this.#behind(watermarks, rows.length, greatest, time, part);
      const copy: Record<string, Row[string]> = { ...row };
      copy[column] = time;
      rows.push(copy);
      kept.push(i);
    }
    this.#settle(greatest, part);
    if (ahead > 0) this.#warn(ahead, furthest);
    return { ...located(batch, rows, kept), watermarks };
  }

  #settle(greatest: number, part: PartTime | null): void {
    if (part) part.greatest = greatest;
    if (greatest > this.#greatest) this.#greatest = greatest;
  }

  /** A row is behind the watermark of the rows before it: that watermark is sent first, so that the row is late in any batch. */
  #behind(watermarks: WatermarkStep[], after: number, greatest: number, time: number, part: PartTime | null): void {
    if (this.#context.order?.startsOver) this.#disorder = Math.max(this.#disorder ?? 0, greatest - time);
    this.#settle(greatest, part);
    const { watermark } = this.risen();
    if (watermark !== undefined) watermarks.push({ after, watermark });
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
        ? 'Set "Finer than 1 ms" to "Is cut off" here, or keep the time in a column of its own.'
        : 'Choose another time column or format here, or let the error policy skip such rows.',
      field: 'timeColumn',
      row,
      ...(position && { position }),
    });
  }
}

/** These rows of a batch; `kept` are their places in it. */
function only(batch: SourceBatch, kept: readonly number[]): SourceBatch {
  return located(batch, itemsAt(batch.rows, kept), kept);
}

function located({ locate }: SourceBatch, rows: readonly Row[], kept: readonly number[]): SourceBatch {
  return locate ? { rows, locate: (index) => locate(kept[index] ?? 0) } : { rows };
}
