/** Runs users' functions over the rows of each key, with a state and timers in event time: Beam's stateful ParDo. */

import type { EarlierInstance, KeyedState, Owns } from '@millrace/kit/keyed-state';
import type { KeyedCode, RowFailure, StatefulOperator } from '@millrace/kit/node';
import type { StatefulOp } from '@millrace/kit/ops';
import { itemAt, missing } from '../../../model/faults/missing.ts';
import { MillraceError } from '../../../model/problems/problem.ts';
import { beginningOfTime, endOfTime, eventTimeReader } from '../../../model/schema/event-time.ts';
import { formatTimestamp } from '../../../model/time/timestamp.ts';
import type { Row, Schema, State, Value } from '../../../model/values/types.ts';
import type { RowsContext } from '../ports.ts';
import { type KeyColumn, keyColumns } from '../rows/key-columns.ts';
import { returnedRows } from '../rows/returned-rows.ts';
import { rowShower, shown } from '../rows/shown-decimals.ts';
import { leastWatermark, takeEntries } from './key-groups.ts';
import { type Due, KeyedTimers, type Timers } from './keyed-timers.ts';
import { keyText, keyValues } from './keys.ts';
import { StateCopier } from './plain-state.ts';

const batchSize = 1024;
/** A key whose timers set each other more often than that while one watermark passes would never come to an end. */
const maxFirings = 100_000;
/** A timer that was set by another for a time that has had its turn counts as so many. */
const standstill = 100;
export const defaultTimer = 'timer';

const statesName = 'state';
const timersName = 'timers';

/** What is kept for a key. `until` is when it is forgotten, where there is a `ttl`. */
type Kept = { readonly state: State; readonly until?: number };

interface KeyedStepsOptions {
  readonly keys: readonly string[];
  readonly code: KeyedCode;
  /** The param that the code stands in. */
  readonly field: string;
  /** Milliseconds of event time after a key's latest row, or null for ever. */
  readonly ttl: number | null;
  readonly input: Schema;
  readonly states: KeyedState<Kept>;
  readonly timers: KeyedState<Timers>;
  /** What the code returned as rows; throws where it is none. */
  toRows(value: unknown, row: Row | null): readonly Row[];
  emit(rows: readonly Row[]): void;
  fail(failure: RowFailure): void;
  explain(thrown: unknown): Pick<RowFailure, 'code' | 'message' | 'hint' | 'field' | 'range'>;
}

export function keyedSteps({ keys, ttl, code: { source, field } }: StatefulOp, context: RowsContext): StatefulOperator {
  const { inputs, outputs, keyed, state, emit, fail, explain } = context;
  return new KeyedSteps({
    keys,
    ttl,
    field,
    code: keyed(source, field),
    input: inputs.rows,
    states: state<Kept>(statesName),
    timers: state<Timers>(timersName),
    toRows: returnedRows(inputs.rows, outputs.rows, field),
    emit: (rows) => emit('rows', rows),
    fail,
    explain,
  });
}

class KeyedSteps implements StatefulOperator {
  readonly #options: KeyedStepsOptions;
  readonly #copier: StateCopier;
  readonly #timeOf: ((row: Row) => number | null) | null;
  readonly #initial: State | ((key: object) => unknown);
  readonly #context: object;
  readonly #keyColumns: readonly KeyColumn[];
  readonly #show: (row: Row) => Row;
  readonly #timers: KeyedTimers;
  #watermark = beginningOfTime;
  #out: Row[] = [];
  readonly #values: Value[] = [];
  // The call that is under way.
  #isCalling = false;
  #key = '';
  #time: number | null = null;
  /** Made when the code asks for it. */
  #keyObject: object | null = null;
  /** What the call did to its key's timers: a time, or null for one that was cleared. */
  #changes: Map<string, number | null> = new Map();
  #forgets = false;

  constructor(options: KeyedStepsOptions) {
    const { code, field, input } = options;
    this.#options = options;
    this.#copier = new StateCopier(field);
    this.#timers = new KeyedTimers(options.timers);
    this.#timeOf = eventTimeReader(input);
    this.#keyColumns = keyColumns(input, options.keys);
    this.#show = rowShower(input) ?? ((row) => row);
    const { initial = {} } = code;
    this.#initial = typeof initial === 'function' ? (initial as (key: object) => unknown) : this.#started(initial);
    this.#context = this.#makeContext();
  }

  process(rows: readonly Row[]): void {
    this.#timers.read();
    const { fail, explain } = this.#options;
    for (const row of rows) {
      try {
        this.#onRow(row, this.#keyOf(row));
      } catch (thrown) {
        fail({ ...explain(thrown), row });
      }
      if (this.#timers.next <= this.#watermark) this.#fire(this.#watermark);
    }
    this.#flush();
  }

  advance(watermark: number): void {
    this.#timers.read();
    // After a restart a source may begin with an earlier one than was there before.
    this.#watermark = Math.max(this.#watermark, watermark);
    this.#fire(this.#watermark);
    if (this.#options.ttl !== null) this.#options.states.expire(this.#watermark);
    this.#flush();
  }

  snapshot(): State {
    return this.#watermark;
  }

  restore(watermark: State): void {
    this.#watermark = watermark as number;
  }

  takeOver(earlier: readonly EarlierInstance[], owns: Owns): void {
    this.#watermark = leastWatermark(earlier.map(({ state }) => state as number));
    const isOwned = (name: string): boolean => owns(keyValues(name));
    for (const { keyed } of earlier) {
      takeEntries(this.#options.states, keyed<Kept>(statesName), isOwned);
      takeEntries(this.#options.timers, keyed<Timers>(timersName), isOwned);
    }
  }

  /** What waits in memory. The engine measures states and timers by itself. */
  stateSize(): { readonly entries: number; readonly bytes: number } {
    return { entries: 0, bytes: this.#timers.bytes };
  }

  #onRow(row: Row, key: string): void {
    const { ttl } = this.#options;
    const time = this.#timeOf === null ? null : this.#timeOf(row);
    if (ttl !== null && time === null) {
      throw new MillraceError({
        code: 'code/no-time',
        message: 'The row has no event time, but keys are forgotten by it',
        hint: 'Give each row a time, or leave "Forget a key after" empty.',
      });
    }
    const kept = this.#keptOf(key, this.#watermark);
    this.#step(key, kept, time, ttl === null ? undefined : Math.max((time ?? beginningOfTime) + ttl, kept?.until ?? beginningOfTime), row, null);
  }

  #onTimer({ key, time, name }: Due): void {
    const { ttl } = this.#options;
    const kept = this.#keptOf(key, time);
    this.#step(key, kept, time, ttl === null ? undefined : (kept?.until ?? time + ttl), null, Object.freeze({ name, time }));
  }

  /** One call, for a row or a timer: what it throws leaves state and timers as they were. */
  #step(key: string, kept: Kept | undefined, time: number | null, until: number | undefined, row: Row | null, timer: object | null): void {
    const { code, toRows } = this.#options;
    this.#isCalling = true;
    this.#key = key;
    this.#keyObject = null;
    this.#time = time;
    let rows: readonly Row[];
    let before: State;
    let after: State;
    try {
      before = kept === undefined ? this.#initialOf() : kept.state;
      const own = StateCopier.own(before);
      rows = toRows(
        row === null
          ? (code.onTimer ?? missing('what timers do'))(timer ?? missing('the timer'), own, this.#context)
          : code.onRow(this.#show(row), own, this.#context),
        row,
      );
      after = this.#forgets ? undefined : this.#copier.copy(own, before);
    } catch (thrown) {
      this.#forgets = false;
      this.#changes.clear();
      throw thrown;
    } finally {
      this.#isCalling = false;
    }
    if (this.#forgets) this.#forget(key);
    // What is as at the beginning need not be kept.
    else if (after !== before || (kept !== undefined && kept.until !== until)) this.#keep(key, after, until);
    if (this.#changes.size > 0) {
      this.#timers.change(key, this.#changes);
      this.#changes.clear();
    }
    for (const each of rows) this.#out.push(each);
    if (this.#out.length >= batchSize) this.#flush();
  }

  #keep(key: string, state: State, until: number | undefined): void {
    const { states } = this.#options;
    if (until === undefined) states.set(key, { state });
    else states.set(key, { state, until }, until);
  }

  #forget(key: string): void {
    this.#forgets = false;
    this.#options.states.delete(key);
    this.#timers.clear(key);
  }

  /** A state that has run out is not there, even where nobody has removed it yet. */
  #keptOf(key: string, now: number): Kept | undefined {
    const kept = this.#options.states.get(key);
    return kept?.until !== undefined && kept.until <= now ? undefined : kept;
  }

  #initialOf(): State {
    return typeof this.#initial === 'function' ? this.#started(this.#initial(this.#keyShown())) : this.#initial;
  }

  #started(value: unknown): State {
    if (typeof value !== 'object' || value === null) {
      throw new MillraceError({
        code: 'code/state',
        message: `"initial" is ${value === null ? 'null' : `a ${typeof value}`}, but a state is an object or a list`,
        hint: 'Write `export const initial: State = { … }`.',
        field: this.#options.field,
      });
    }
    return this.#copier.copy(value, undefined);
  }

  #keyOf(row: Row): string {
    const { keys } = this.#options;
    const values = this.#values;
    for (let i = 0; i < keys.length; i++) values[i] = this.#readKey(i, row[keys[i] ?? ''] ?? null);
    return keyText(values);
  }

  #readKey(i: number, value: Value): Value {
    const { keyOf } = itemAt(this.#keyColumns, i);
    return keyOf === null ? value : keyOf(value);
  }

  /** The key of the call as the code is shown it. */
  #keyShown(): object {
    if (this.#keyObject) return this.#keyObject;
    const key: Record<string, unknown> = Object.create(null);
    const values = keyValues(this.#key);
    for (const [i, name] of this.#options.keys.entries()) key[name] = this.#keyColumns[i]?.keyOf === null ? values[i] : shown(values[i] ?? null);
    this.#keyObject = Object.freeze(key);
    return this.#keyObject;
  }

  // ---- Timers

  /** Fires what is due by then, in the order of time, key and name. Timers that are set meanwhile take part. */
  #fire(watermark: number): void {
    const timers = this.#timers;
    const firings = new Map<string, number>();
    let latest = Number.NEGATIVE_INFINITY;
    while (timers.next <= watermark) {
      const time = timers.next;
      for (const due of timers.turns()) {
        if (!timers.take(due)) continue;
        const count = (firings.get(due.key) ?? 0) + (time > latest ? 1 : standstill);
        firings.set(due.key, count);
        this.#fireOne(due, count > maxFirings);
      }
      latest = Math.max(latest, time);
    }
  }

  #fireOne(due: Due, isEndless: boolean): void {
    const { explain, fail } = this.#options;
    try {
      if (isEndless) {
        throw new MillraceError({
          code: 'code/endless-timers',
          message: 'The timers of this key set each other without end',
          hint: 'A timer that sets itself again must stop: check `context.ended`.',
          field: this.#options.field,
        });
      }
      this.#onTimer(due);
    } catch (thrown) {
      const { message, ...failure } = explain(thrown);
      fail({
        ...failure,
        message: `${message.replace(/[.]$/, '')} (in the timer "${due.name}" of ${this.#keyText(due.key)} at ${formatTimestamp(due.time)})`,
      });
    }
  }

  #keyText(key: string): string {
    const values = keyValues(key);
    return this.#options.keys.map((name, i) => `${name} ${JSON.stringify(values[i])}`).join(', ');
  }

  // ---- What comes out

  #flush(): void {
    if (this.#out.length === 0) return;
    const rows = this.#out;
    this.#out = [];
    this.#options.emit(rows);
  }

  // ---- What the code is given

  /** Frozen throughout, and of no use outside of a call. What it throws is JavaScript's own. */
  #makeContext(): object {
    const call = () => {
      if (!this.#isCalling) throw new TypeError('The context is only there while onRow or onTimer runs');
    };
    const key = () => this.#keyShown();
    const time = () => this.#time;
    const watermark = () => this.#watermark;
    const hasTimers = this.#options.code.onTimer !== null;
    const changes = () => this.#changes;
    const forget = () => {
      this.#forgets = true;
      this.#changes.clear();
    };
    return inert({
      get key() {
        call();
        return key();
      },
      get time() {
        call();
        return time();
      },
      get watermark() {
        call();
        return watermark();
      },
      get ended() {
        call();
        return watermark() >= endOfTime;
      },
      setTimer(time: unknown, name: unknown = defaultTimer) {
        call();
        if (typeof time !== 'number' || !(Math.abs(time) <= endOfTime)) throw new TypeError('setTimer: the time must be a number of milliseconds since 1970');
        if (!hasTimers) throw new TypeError('setTimer: the snippet exports no function onTimer');
        changes().set(timerName(name), Math.ceil(time));
      },
      clearTimer(name: unknown = defaultTimer) {
        call();
        changes().set(timerName(name), null);
      },
      forget() {
        call();
        forget();
      },
    });
  }
}

function timerName(name: unknown): string {
  if (typeof name === 'string' && name.length <= 200) return name;
  throw new TypeError("A timer's name must be a text of at most 200 characters");
}

/** An object of functions and getters that nobody can change or hang anything on. */
function inert(object: object): object {
  Object.setPrototypeOf(object, null);
  for (const { get, value } of Object.values(Object.getOwnPropertyDescriptors(object))) Object.freeze(get ?? value);
  return Object.freeze(object);
}
