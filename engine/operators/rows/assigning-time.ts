import type { StatefulOperator } from '@millrace/kit/node';
import type { AssignTimeOp } from '@millrace/kit/ops';
import { ColumnTimes, type Greatest } from '@millrace/kit/sources/column-times';
import { beginningOfTime } from '../../../model/schema/event-time.ts';
import type { Row, State } from '../../../model/values/types.ts';
import type { RowsContext } from '../ports.ts';

export function assigningTime(op: AssignTimeOp, context: RowsContext): StatefulOperator {
  return new TimeAssigner(op, context);
}

class TimeAssigner implements StatefulOperator {
  readonly #op: AssignTimeOp;
  readonly #context: RowsContext;
  #start: Greatest | null = null;
  /** Made with the first row: only then is known how the input is to be kept in order. */
  #times: ColumnTimes | null = null;
  #isIdle = false;

  constructor(op: AssignTimeOp, context: RowsContext) {
    this.#op = op;
    this.#context = context;
  }

  process(rows: readonly Row[]): void {
    this.#times ??= this.#open();
    this.#setIdle(false);
    const { rows: timed, watermarks = [] } = this.#times.time({ rows });
    if (this.#times.isOutOfOrder) return;
    let from = 0;
    for (const { after, watermark } of watermarks) {
      if (after > from) this.#context.emit('rows', timed.slice(from, after));
      from = after;
      this.#context.outputTime.advance(watermark);
    }
    if (from < timed.length) this.#context.emit('rows', from === 0 ? timed : timed.slice(from));
  }

  #open(): ColumnTimes {
    const { outputTime, wallTime: now, log, fail } = this.#context;
    const context = { order: outputTime.order(), now, elapsed: () => performance.now(), log, fail };
    return new ColumnTimes(context, this.#op, this.#start);
  }

  tick(): void {
    if (!this.#times || this.#times.isOutOfOrder) return;
    const { watermark, idle = false } = this.#times.waiting();
    if (watermark !== undefined) this.#context.outputTime.advance(watermark);
    this.#setIdle(idle);
  }
  #setIdle(isIdle: boolean): void {
    if (isIdle !== this.#isIdle) this.#context.outputTime.idle(isIdle);
    this.#isIdle = isIdle;
  }

  finish(): void {
    this.#times?.close();
    if (this.#times?.isOutOfOrder) throw this.#times.outOfOrder();
  }

  outputWatermark(): number {
    return beginningOfTime;
  }
  snapshot(): State {
    return (this.#times?.greatest ?? this.#start) as State;
  }
  restore(state: State): void {
    this.#start = state as Greatest | null;
  }
}
