import { beginningOfTime, endOfTime, instantReader } from '../../engine/schema/event-time.ts';
import type { Row, Schema, State } from '../../engine/schema/types.ts';
import { findColumn } from './columns.ts';
import type { JoinedColumn, JoinKind, KeyPair } from './join-columns.ts';
import { joinKeyReader } from './join-keys.ts';
import { keyPairs, valueAs } from './key-columns.ts';
import type { StatefulOperator, TransformContext } from './node.ts';
import { rowPacker } from './packed-rows.ts';
import { blockLayout } from './row-block.ts';
import { noTime } from './row-failures.ts';
import { compile, rowSource, stringLiteral } from './rows.ts';
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
 * Joins the rows of the ports `left` and `right`. They are held in blocks by columns, or as objects in sessions, until those are too
 * large: then they move into keyed state, many at once.
 */
export function streamJoining(
  options: StreamJoinOptions,
  { inputs, emit, fail, state, memory }: Pick<TransformContext<unknown>, 'inputs' | 'emit' | 'fail' | 'state' | 'memory'>,
): StatefulOperator {
  const { kind, keys, lateness, times } = options;
  const schemas = { left: inputs['left']!, right: inputs['right']! };
  const joined = joinedRow(options, schemas);
  const keyColumns = keyPairs(schemas.left, schemas.right, keys);
  let out: Row[] = [];
  const flush = (): void => {
    if (out.length === 0) return;
    const rows = out;
    out = [];
    emit('rows', rows);
  };
  const keep = { left: kind === 'left' || kind === 'outer', right: kind === 'right' || kind === 'outer' };
  const layouts = { left: blockLayout(schemas.left, joinKeyReader(keyColumns.left)), right: blockLayout(schemas.right, joinKeyReader(keyColumns.right)) };
  const matcher = matcherOf(options.match, {
    keep,
    lateness,
    state,
    layouts,
    packers: { left: rowPacker(schemas.left.columns), right: rowPacker(schemas.right.columns) },
    emit: (left, right, start, end) => {
      out.push(joined(left, right, start, end));
      if (out.length >= batchSize) flush();
    },
  });
  const timeReaders = {
    left: instantReader(schemas.left, times.left.column, times.left.shift),
    right: instantReader(schemas.right, times.right.column, times.right.shift),
  };
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
      const timeOf = timeReaders[side];
      const { keyOf } = layouts[side];
      const late: Row[] = [];
      for (const row of rows) {
        const time = timeOf(row);
        if (time === null) {
          fail(noTime(times[side].column, row));
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
      if (matcher.bytes > memory) matcher.spill(memory);
    },
    advance,
    outputWatermark: (to) => to - matcher.behind,
    snapshot: () => ({ watermark, matcher: matcher.snapshot() }),
    restore(state) {
      const before = state as { readonly watermark: number; readonly matcher: State };
      advance(before.watermark);
      matcher.restore(before.matcher);
    },
    stateSize: () => ({ entries: matcher.entries(), bytes: matcher.bytes }),
  };
}

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

type Schemas = { readonly [side in Side]: Schema };

function joinedRow({ columns, stamps }: StreamJoinOptions, schemas: Schemas): (left: Row | null, right: Row | null, start: number, end: number) => Row {
  const constants: Record<string, unknown> = {};
  /** A key may be of a wider type where rows of both sides have it. */
  const value = (column: JoinedColumn, side: Side): string => {
    const name = column[side]!;
    const read = `${side}[${stringLiteral(name)}]`;
    const convert = valueAs(findColumn(schemas[side], name)!.type, column.column.type);
    if (convert === null) return read;
    const own = `as${Object.keys(constants).length}`;
    constants[own] = convert;
    return `${own}(${read})`;
  };
  const stamped = stamps.map((name, i) => ({ name, source: i === 0 ? 'start' : 'end' }));
  const source = (side: Side) => {
    const other = otherSide[side];
    const read = (column: JoinedColumn) => (column[side] === undefined ? 'null' : value(column, side));
    const both = (column: JoinedColumn) => (column[side] === undefined && column[other] !== undefined ? value(column, other) : read(column));
    const made = (source: (column: JoinedColumn) => string) =>
      rowSource([...stamped, ...columns.map((each) => ({ name: each.column.name, source: source(each) }))]);
    return { alone: made(read), pair: made(both) };
  };
  const { alone, pair } = source('left');
  const { alone: aloneRight } = source('right');
  return compile(`(left, right, start, end) => right === null ? ${alone} : left === null ? ${aloneRight} : ${pair}`, constants);
}
