import { beginningOfTime, endOfTime, instantReader } from '../../engine/schema/event-time.ts';
import type { Json, Row, State } from '../../engine/schema/types.ts';
import type { JoinedColumn, JoinKind, KeyPair } from './join-columns.ts';
import { joinKeyReader } from './join-keys.ts';
import type { StatefulOperator, TransformContext } from './node.ts';
import { rowPacker } from './packed-rows.ts';
import { noTime } from './row-failures.ts';
import { compile, rowSource, stringLiteral } from './rows.ts';
import { bytesPerRow, rowsFromState, rowsToState } from './state.ts';
import { type Match, type Matcher, type MatcherOptions, otherSide, type Side } from './stream-join-matcher.ts';
import { RangeMatcher } from './stream-join-range.ts';
import { SessionMatcher } from './stream-join-sessions.ts';
import { WindowMatcher } from './stream-join-windows.ts';

export interface StreamJoinOptions {
  readonly kind: JoinKind;
  readonly match: Match;
  readonly keys: readonly KeyPair[];
  readonly lateness: number;
  /** By side: the column of the time, and milliseconds to add to it. */
  readonly times: { readonly [side in Side]: { readonly column: string; readonly shift?: number } };
  /** Names of the columns that come first: the event time, or a window's start and end. */
  readonly stamps: readonly string[];
  readonly columns: readonly JoinedColumn[];
}

const batchSize = 1024;
const latePorts = { left: 'lateLeft', right: 'lateRight' } as const;

/**
 * Joins the rows of the ports `left` and `right`. They are kept in plain maps, which cost a tenth of what keyed state does, until
 * those are too large: then all that is in them moves into keyed state at once, and what comes goes into the maps again.
 */
export function streamJoining(
  options: StreamJoinOptions,
  { inputs, emit, fail, state, memory }: Pick<TransformContext<unknown>, 'inputs' | 'emit' | 'fail' | 'state' | 'memory'>,
): StatefulOperator {
  const { kind, keys, lateness, times } = options;
  const joined = joinedRow(options);
  let out: Row[] = [];
  const flush = (): void => {
    if (out.length === 0) return;
    const rows = out;
    out = [];
    emit('rows', rows);
  };
  const keep = { left: kind === 'left' || kind === 'outer', right: kind === 'right' || kind === 'outer' };
  const matcher = matcherOf(options.match, {
    keep,
    lateness,
    state,
    packers: { left: rowPacker(inputs['left']!.columns), right: rowPacker(inputs['right']!.columns) },
    emit: (left, right, start, end) => {
      out.push(joined(left, right, start, end));
      if (out.length >= batchSize) flush();
    },
  });
  const sideOf = (side: Side) => {
    const schema = inputs[side]!;
    const { column, shift } = times[side];
    const key = joinKeyReader(keys.map((pair) => pair[side]));
    return { key, column, time: instantReader(schema, column, shift), schema, bytes: bytesPerRow(schema) + bytesPerHeld };
  };
  const sides = { left: sideOf('left'), right: sideOf('right') };
  const bytes = () => matcher.held.left * sides.left.bytes + matcher.held.right * sides.right.bytes;
  let watermark = beginningOfTime;
  const advance = (to: number): void => {
    watermark = to;
    // At the end nothing waits any longer, however much lateness is allowed.
    matcher.advance(to >= endOfTime ? Number.MAX_VALUE : to);
    flush();
  };

  return {
    process(rows, port) {
      const side = port as Side;
      const { key: keyOf, column, time: timeOf } = sides[side];
      const late: Row[] = [];
      for (const row of rows) {
        const time = timeOf(row);
        if (time === null) {
          fail(noTime(column, row));
          continue;
        }
        if (matcher.isLate(time)) {
          late.push(row);
          continue;
        }
        const key = keyOf(row);
        if (key !== null) matcher.add(side, key, time, row);
        else if (keep[side]) matcher.addAlone(side, time, row);
      }
      flush();
      if (late.length > 0) emit(latePorts[side], late);
      if (bytes() > memory) matcher.spill();
    },
    advance,
    outputWatermark: (to) => to - matcher.behind,
    snapshot() {
      const save = (side: Side) => {
        const held = [...matcher.rows(side)];
        return {
          rows: rowsToState(
            held.map(({ row }) => row),
            sides[side].schema,
          ),
          matched: held.flatMap((each, i) => (each.matched ? [i] : [])),
        };
      };
      return { watermark, left: save('left'), right: save('right'), spilled: matcher.spilled() };
    },
    restore(state) {
      const before = state as unknown as Snapshot;
      advance(before.watermark);
      matcher.resume(before.spilled);
      for (const side of ['left', 'right'] as const) {
        const { key: keyOf, time: timeOf, schema } = sides[side];
        const matched = new Set(before[side].matched);
        for (const [i, row] of rowsFromState(before[side].rows, schema).entries()) {
          matcher.restore(side, keyOf(row)!, { row, time: timeOf(row)!, matched: matched.has(i) });
        }
      }
    },
    stateSize: () => ({ entries: matcher.held.left + matcher.held.right, bytes: bytes() }),
  };
}

interface Snapshot {
  readonly watermark: number;
  readonly left: { readonly rows: Json; readonly matched: readonly number[] };
  readonly right: { readonly rows: Json; readonly matched: readonly number[] };
  readonly spilled: State;
}
/** What holding a row takes beside the row: its entry, and its part in the map of the keys. */
const bytesPerHeld = 160;

function matcherOf(match: Match, options: MatcherOptions): Matcher {
  switch (match.kind) {
    case 'range':
      return new RangeMatcher(match, options);
    case 'windows':
      return new WindowMatcher(match, options);
    case 'sessions':
      return new SessionMatcher(match, options);
  }
}

function joinedRow({ columns, stamps }: StreamJoinOptions): (left: Row | null, right: Row | null, start: number, end: number) => Row {
  const stamped = stamps.map((name, i) => ({ name, source: i === 0 ? 'start' : 'end' }));
  const source = (side: Side) => {
    const other = otherSide[side];
    const read = (column: JoinedColumn) => (column[side] === undefined ? 'null' : `${side}[${stringLiteral(column[side])}]`);
    const both = (column: JoinedColumn) =>
      column[side] === undefined && column[other] !== undefined ? `${other}[${stringLiteral(column[other])}]` : read(column);
    const made = (value: (column: JoinedColumn) => string) =>
      rowSource([...stamped, ...columns.map((each) => ({ name: each.column.name, source: value(each) }))]);
    return { alone: made(read), pair: made(both) };
  };
  const { alone, pair } = source('left');
  return compile(`(left, right, start, end) => right === null ? ${alone} : left === null ? ${source('right').alone} : ${pair}`);
}
