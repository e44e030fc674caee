import { columnOf } from '@millrace/kit/columns';
import type { StatefulOperator } from '@millrace/kit/node';
import type { CoGroupOp, PairedColumn } from '@millrace/kit/ops';
import { missing } from '../../../model/faults/missing.ts';
import { beginningOfTime, endOfTime, instantReader } from '../../../model/schema/event-time.ts';
import type { Row, Schema, State } from '../../../model/values/types.ts';
import { leastWatermark } from '../keyed/key-groups.ts';
import type { PairContext } from '../ports.ts';
import { keyPairs, valueAs } from '../rows/key-columns.ts';
import { rowPacker } from '../rows/packed-rows.ts';
import { noTime } from '../rows/row-failures.ts';
import { compile, rowSource, stringLiteral } from '../rows/rows.ts';
import { joinKeyParts, joinKeyReader } from './join-keys.ts';
import { blockLayout } from './row-block.ts';
import { type Match, type Matcher, type MatcherOptions, otherSide, type Side } from './stream-join-matcher.ts';
import { RangeMatcher } from './stream-join-range.ts';
import { SessionMatcher } from './stream-join-sessions.ts';
import { WindowMatcher } from './stream-join-windows.ts';

const batchSize = 1024;
const latePorts = { left: 'lateLeft', right: 'lateRight' } as const;

/**
 * Joins the rows of the ports `left` and `right`. They are held in blocks by columns, or as objects in sessions, until those are too
 * large: then they move into keyed state, many at once.
 */
export function streamJoining(
  op: CoGroupOp,
  { inputs, emit, fail, state, memory }: Pick<PairContext, 'inputs' | 'emit' | 'fail' | 'state' | 'memory'>,
): StatefulOperator {
  const { kind, keys, lateness, match, times } = op;
  const schemas = { left: inputs.left, right: inputs.right };
  const joined = joinedRow(op, schemas);
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
  const keyParts = joinKeyParts(schemas.left, keyColumns.left);
  const options: MatcherOptions = {
    keep,
    lateness,
    state,
    layouts,
    keys: keyParts,
    packers: { left: rowPacker(schemas.left.columns), right: rowPacker(schemas.right.columns) },
    emit: (left, right, start, end) => {
      out.push(joined(left, right, start, end));
      if (out.length >= batchSize) flush();
    },
  };
  const matcher = matcherOf(match, options);
  const timeReaders = {
    left: instantReader(schemas.left, times.left.column, times.left.shift),
    right: instantReader(schemas.right, times.right.column, times.right.shift),
  };
  let watermark = beginningOfTime;
  const advance = (to: number): void => {
    watermark = to;
    matcher.advance(matcherTime(to));
    flush();
  };
  const makeRoom = (): void => {
    if (matcher.bytes > memory) matcher.spill(memory);
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
      makeRoom();
    },
    advance,
    outputWatermark: (to) => to - matcher.behind,
    snapshot: () => ({ watermark, matcher: matcher.snapshot() }),
    restore(state) {
      const before = state as Snapshot;
      advance(before.watermark);
      matcher.restore(before.matcher);
    },
    takeOver(earlier, owns) {
      advance(leastWatermark(earlier.map(({ state }) => (state as Snapshot).watermark)));
      for (const { state, keyed } of earlier) {
        const saved = state as Snapshot;
        const before = matcherOf(match, { ...options, state: keyed });
        before.advance(matcherTime(saved.watermark));
        before.restore(saved.matcher);
        matcher.takeOver(before, (key) => owns(keyParts.values(key)), makeRoom);
      }
    },
    stateSize: () => ({ entries: matcher.entries(), bytes: matcher.bytes }),
  };
}

type Snapshot = { readonly watermark: number; readonly matcher: State };

/** At the end nothing waits any longer, however much lateness is allowed. */
function matcherTime(watermark: number): number {
  return watermark >= endOfTime ? Number.MAX_VALUE : watermark;
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

function joinedRow({ columns, stamps }: CoGroupOp, schemas: Schemas): (left: Row | null, right: Row | null, start: number, end: number) => Row {
  const constants: Record<string, unknown> = {};
  /** A key may be of a wider type where rows of both sides have it. */
  const value = (column: PairedColumn, side: Side): string => {
    const name = column[side] ?? missing('the name of a column');
    const read = `${side}[${stringLiteral(name)}]`;
    const convert = valueAs(columnOf(schemas[side], name).type, column.type);
    if (convert === null) return read;
    const own = `as${Object.keys(constants).length}`;
    constants[own] = convert;
    return `${own}(${read})`;
  };
  const stamped = stamps.map((name, i) => ({ name, source: i === 0 ? 'start' : 'end' }));
  const source = (side: Side) => {
    const other = otherSide[side];
    const read = (column: PairedColumn) => (column[side] === null ? 'null' : value(column, side));
    const both = (column: PairedColumn) => (column[side] === null && column[other] !== null ? value(column, other) : read(column));
    const made = (source: (column: PairedColumn) => string) => rowSource([...stamped, ...columns.map((each) => ({ name: each.name, source: source(each) }))]);
    return { alone: made(read), pair: made(both) };
  };
  const { alone, pair } = source('left');
  const { alone: aloneRight } = source('right');
  return compile(`(left, right, start, end) => right === null ? ${alone} : left === null ? ${aloneRight} : ${pair}`, constants);
}
