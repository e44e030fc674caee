/** Readers around a source's own reader: they know the event time of its rows, and so its watermark. */
import { beginningOfTime } from '../../model/schema/event-time.ts';
import { SteadyClock } from '../../model/time/steady-clock.ts';
import type { Json, Row } from '../../model/values/types.ts';
import type { Reader, SourceBatch, SourceContext } from '../node.ts';
import { ColumnTimes, type Greatest } from './column-times.ts';
import type { ColumnTime } from './time-values.ts';

/** How long the thread may be busy before it yields. */
const yieldAfterMs = 50;

export type TimedPosition = Greatest & {
  /** The position of the source itself. */
  readonly source: Json;
  /** How far the rows were found out of order before the first of them was emitted, if that had to be known. */
  readonly disorder?: number;
};

/** A reader around another: what both kinds of event time have in common. */
abstract class TimedReader implements Reader {
  protected readonly reader: Reader;
  protected readonly context: SourceContext<unknown>;
  committed?: Reader['committed'];
  backlog?: Reader['backlog'];
  progress?: Reader['progress'];
  splitEnd?: Reader['splitEnd'];
  readOn?: Reader['readOn'];

  constructor(reader: Reader, context: SourceContext<unknown>) {
    this.reader = reader;
    this.context = context;
    if (reader.committed) this.committed = (position, checkpoint) => reader.committed?.((position as TimedPosition).source, checkpoint);
    if (reader.backlog) this.backlog = () => reader.backlog?.() ?? null;
    if (reader.progress) this.progress = reader.progress.bind(reader);
    if (reader.splitEnd) this.splitEnd = reader.splitEnd.bind(reader);
    if (reader.readOn) this.readOn = reader.readOn.bind(reader);
  }

  /** The rows that have a time, with the watermarks that have risen. A promise if there are no further rows. */
  protected abstract time(batch: SourceBatch): SourceBatch | Promise<null>;

  read(): SourceBatch | null | Promise<SourceBatch | null> {
    const batch = this.reader.read();
    return batch instanceof Promise ? batch.then((found) => this.#timed(found)) : this.#timed(batch);
  }

  #timed(batch: SourceBatch | null): SourceBatch | null | Promise<null> {
    return batch && this.time(batch);
  }

  abstract waiting(): { readonly watermark?: number; readonly idle?: boolean };
  abstract position(): Json;

  close(): void | Promise<void> {
    return this.reader.close();
  }
}

/** The time that a column holds. */
export class ColumnTimeReader extends TimedReader {
  readonly #times: ColumnTimes;
  readonly #disorder: number | null;

  /** `disorder`: see `TimedPosition`. */
  constructor(reader: Reader, context: SourceContext<unknown>, time: ColumnTime, start: Greatest | null, disorder: number | null = null) {
    super(reader, context);
    this.#times = new ColumnTimes(context, time, start, reader.parts?.bind(reader) ?? null);
    this.#disorder = disorder;
  }

  protected time(batch: SourceBatch): SourceBatch | Promise<null> {
    const timed = this.#times.time(batch);
    return this.#times.isOutOfOrder ? this.#measure() : timed;
  }

  /** Reads on to the end, to know how far the rows are out of order. Rejects with that. */
  async #measure(): Promise<null> {
    await eachBatch(this.reader, this.context, (batch) => this.#times.time(batch));
    throw this.#times.outOfOrder();
  }

  waiting(): { readonly watermark?: number; readonly idle?: boolean } {
    return this.#times.isOutOfOrder ? {} : this.#times.waiting();
  }

  position(): Json {
    const position: TimedPosition = { source: this.reader.position(), ...this.#times.greatest, ...(this.#disorder !== null && { disorder: this.#disorder }) };
    return position;
  }

  override close(): void | Promise<void> {
    this.#times.close();
    return super.close();
  }
}

/** How far, in milliseconds, the rows of a reader are out of order. Reads and closes it; rows that fail are not reported. */
export async function disorderOf(reader: Reader, context: SourceContext<unknown>, time: ColumnTime): Promise<number> {
  const silent = { now: context.now, elapsed: context.elapsed, log: () => {}, fail: () => {}, order: { disorder: null, startsOver: true } };
  const times = new ColumnTimes(silent, { ...time, outOfOrder: 0 });
  try {
    await eachBatch(reader, context, (batch) => times.time(batch));
  } finally {
    await reader.close();
  }
  return times.outOfOrder().disorder;
}

/** Until the end, or `signal`; yields in between. */
async function eachBatch(
  reader: Reader,
  { signal, elapsed }: Pick<SourceContext<unknown>, 'signal' | 'elapsed'>,
  use: (batch: SourceBatch) => void,
): Promise<void> {
  let yieldedAt = elapsed();
  while (!signal.aborted) {
    const read = reader.read();
    const batch = read instanceof Promise ? await read : read;
    if (batch === null) return;
    use(batch);
    if (elapsed() - yieldedAt < yieldAfterMs) continue;
    await new Promise<void>((resolve) => {
      setTimeout(resolve, 0);
    });
    yieldedAt = elapsed();
  }
}

/** The time at which a row was read: this machine's clock, but never going back (see `SteadyClock`). */
export class ArrivalReader extends TimedReader {
  readonly #clock: SteadyClock;
  readonly #column: string;
  #now: number;
  #told = beginningOfTime;

  constructor(reader: Reader, context: SourceContext<unknown>, column: string, time: number | null) {
    super(reader, context);
    this.#now = time ?? beginningOfTime;
    this.#clock = new SteadyClock(context.now, context.elapsed, this.#now);
    this.#column = column;
  }

  protected time({ rows, locate }: SourceBatch): SourceBatch {
    this.#now = this.#clock.now();
    const column = this.#column;
    const now = this.#now;
    const copies = rows.map((row) => {
      const copy: Record<string, Row[string]> = { ...row };
      copy[column] = now;
      return copy;
    });
    const { watermark } = this.#risen();
    return { rows: copies, ...(locate && { locate }), ...(watermark !== undefined && { watermarks: [{ after: copies.length, watermark }] }) };
  }

  waiting(): { readonly watermark?: number } {
    this.#now = this.#clock.now();
    return this.#risen();
  }

  #risen(): { readonly watermark?: number } {
    if (this.#now - 1 <= this.#told) return {};
    this.#told = this.#now - 1;
    return { watermark: this.#told };
  }

  position(): Json {
    return { source: this.reader.position(), time: this.#now === beginningOfTime ? null : this.#now };
  }
}
