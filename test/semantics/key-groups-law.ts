/**
 * The law of key groups: what some instances kept up to a cut can be divided among other instances, and all rows together are those of
 * one instance that went on.
 */
import { deserialize, serialize } from 'node:v8';
import { type EarlierInstance, type KeyedState, MemoryState } from '@millrace/kit/keyed-state';
import type { NodeDefinition, Operator, StatefulOperator, TransformDefinition } from '@millrace/kit/node';
import { traitsOf } from '@millrace/kit/op-traits';
import type { Op } from '@millrace/kit/ops';
import type { Params } from '@millrace/kit/params';
import fc from 'fast-check';
import { ownedBy } from '../../engine/operators/keyed/key-groups.ts';
import { keyColumns, keyPairs, keyValuesReader } from '../../engine/operators/rows/key-columns.ts';
import { lower } from '../../engine/plan/lower.ts';
import { Gauge } from '../../engine/runners/local/gauge.ts';
import { endOfTime } from '../../model/schema/event-time.ts';
import type { ColumnType, Row, Schema, State, Value } from '../../model/values/types.ts';
import { definitions } from '../../nodes/index.ts';
import { edgesOf, paramsOf } from '../conformance/harness.ts';
import { type PreparedTransform, prepareTransform, type Surroundings } from '../transform-trial.ts';

type ByPort<T> = { readonly [port: string]: T };
export interface Case {
  readonly title: string;
  readonly definition: TransformDefinition<any>;
  readonly params: Params;
  readonly schemas: ByPort<Schema>;
  /** Values to draw from, beside those that each type offers for keys. */
  readonly values?: ByPort<readonly Row[]>;
}
export type Event =
  | { readonly port: string; readonly rows: readonly Row[] }
  | { readonly port: string; readonly watermark: number }
  | { readonly tick: number }
  | { readonly end: string };
export interface Instances {
  readonly count: number;
  /** Which of the key columns part the rows, bit by bit; none stands for all. */
  readonly by: number;
}
export interface Division {
  /** The place in the events at which the instances are divided. */
  readonly cut: number;
  readonly before: Instances;
  readonly after: Instances;
  readonly memory: number;
}

/** Operations of a case that keep something by key; null where rows cannot be split by keys, or nothing is kept. */
export function keyedOp({ definition, params, schemas }: Case): { readonly op: Op; readonly keys: ByPort<readonly string[]> } | null {
  const op = lower(definition, params, schemas);
  if (op === null) return null;
  const { partition, isStateful } = traitsOf(op);
  return isStateful && partition !== null && partition !== 'any' && op.op !== 'native' ? { op, keys: partition } : null;
}

/** All examples of the catalogue whose operation keeps something by key. */
export const examples: readonly Case[] = (definitions as readonly NodeDefinition[]).flatMap((definition) =>
  definition.kind !== 'transform'
    ? []
    : definition.examples.flatMap((example): Case[] => {
        const edges = definition.inputs.flatMap(({ name }) => edgesOf(example, name).map((edge) => ({ port: name, ...edge })));
        if (edges.length !== definition.inputs.length) return [];
        const schemas = Object.fromEntries(edges.map(({ port, schema }) => [port, schema]));
        const values = Object.fromEntries(edges.map(({ port, rows }) => [port, rows]));
        const each = { title: `${definition.type}: ${example.title}`, definition, params: paramsOf(definition, example), schemas, values };
        return keyedOp(each) && isSound(each) ? [each] : [];
      }),
);

/** Some examples show what is refused. */
function isSound(each: Case): boolean {
  const { problems } = prepared(each, { now: () => 0, fail: () => {}, emit: () => {} });
  return problems.every(({ severity }) => severity !== 'error');
}

function prepared({ definition, params, schemas }: Case, surroundings: Surroundings): PreparedTransform {
  const lists = Object.fromEntries(Object.entries(schemas).map(([port, schema]) => [port, [schema]]));
  return prepareTransform(definition, params, lists, surroundings);
}

// ---- What comes

const drawn: { readonly [type in ColumnType]: readonly Value[] } = {
  string: ['a', 'b', 'c|d', '7', '3:x', 'true', '', 'é'],
  integer: [-1, 0, 1, 2, 7, 1_000_000],
  number: [-1.5, 0, 0.25, 7, 1e21],
  decimal: ['1', '1.0', '2.50', '-3'],
  boolean: [true, false],
  timestamp: [0, 1000, 60_000, 86_400_000],
  date: ['2024-01-01', '2024-01-02', '2024-02-29'],
  json: [null],
  bytes: [null],
};

/** Times are around the watermark, some so far behind it that they are late. */
export function eventsOf(each: Case, maxLength = 14): fc.Arbitrary<Event[]> {
  const { op, keys } = keyedOp(each)!;
  const unit = unitOf(op);
  const ports = Object.keys(each.schemas);
  const rowsOf = (port: string) => fc.array(rowOf(each, port, keys[port] ?? []), { minLength: 1, maxLength: 9 }).map((rows) => ({ port, rows }));
  const anyPort = fc.constantFrom(...ports);
  const event = fc.oneof(
    { weight: 6, arbitrary: anyPort.chain(rowsOf) },
    { weight: 3, arbitrary: fc.record({ port: anyPort, rise: fc.nat(9) }) },
    { weight: 1, arbitrary: fc.nat(9).map((tick) => ({ tick })) },
    ...(ports.length > 1 ? [{ weight: 1, arbitrary: anyPort.map((end) => ({ end })) }] : []),
  );
  return fc.array(event, { maxLength }).map((list) => placed(each, list, unit));
}

type Drawn = { port: string; rows: Row[] } | { port: string; rise: number } | { tick: number } | { end: string };
function placed({ schemas }: Case, list: readonly Drawn[], unit: number): Event[] {
  const watermarks = new Map(Object.keys(schemas).map((port) => [port, 0]));
  const open = new Set(watermarks.keys());
  let clock = 0;
  return list.flatMap((each): Event[] => {
    if ('tick' in each) {
      clock += each.tick * unit;
      return [{ tick: clock }];
    }
    if ('end' in each) return open.size > 1 && open.delete(each.end) ? [each] : [];
    if (!open.has(each.port)) return [];
    const watermark = watermarks.get(each.port)!;
    if ('rise' in each) {
      watermarks.set(each.port, watermark + each.rise * unit);
      return [{ port: each.port, watermark: watermarks.get(each.port)! }];
    }
    const times = timesOf(schemas[each.port]!);
    return [
      { port: each.port, rows: each.rows.map((row) => ({ ...row, ...Object.fromEntries(times.map((name) => [name, moved(row[name]!, watermark, unit)])) })) },
    ];
  });
}
function moved(offset: Value, watermark: number, unit: number): Value {
  return offset === null ? null : watermark + Math.round(((offset as number) * unit) / 4);
}
/** Columns of times that nothing else tells from others. */
function timesOf({ columns, eventTime }: Schema): string[] {
  return columns.flatMap(({ name, type }) => (type === 'timestamp' && (name === eventTime?.column || eventTime === undefined) ? [name] : []));
}

function rowOf({ schemas, values }: Case, port: string, keys: readonly string[]): fc.Arbitrary<Row> {
  const schema = schemas[port]!;
  const times = timesOf(schema);
  const columns = schema.columns.map(({ name, type, nullable }) => {
    const nulls = nullable ? [null] : [];
    if (times.includes(name) && !keys.includes(name))
      return [
        name,
        fc.oneof({ weight: 9, arbitrary: fc.integer({ min: -12, max: 40 }) }, ...nulls.map((value) => ({ weight: 1, arbitrary: fc.constant(value) }))),
      ] as const;
    const given = (values?.[port] ?? []).map((row) => row[name] ?? null);
    const own = keys.includes(name) || given.length === 0 ? drawn[type].slice(0, keys.length > 1 ? 4 : 8) : [];
    return [name, fc.constantFrom<Value>(...own, ...given, ...nulls)] as const;
  });
  return fc.record(Object.fromEntries(columns));
}

/** About a third of the shortest time that the operation goes by. */
function unitOf(op: Op): number {
  const times = [...JSON.stringify(op).matchAll(/:(\d+)\b/g)].map(([, digits]) => Number(digits)).filter((number) => number >= 10);
  return Math.max(1, Math.floor(Math.min(1000, ...times.map((time) => time / 3))));
}

// ---- What comes of it

/** Rows by port, failures and what is told, in an order that is the same whatever the instances. */
export function resultOf(each: Case, events: readonly Event[], division: Division | null, log: (message: string) => void = () => {}): readonly string[] {
  const found: string[] = [];
  const play = new Play(each, division?.memory ?? Number.POSITIVE_INFINITY, (item) => found.push(JSON.stringify(item, shortened)), log);
  play.start(division?.before ?? { count: 1, by: 0 });
  events.forEach((event, i) => {
    if (i === division?.cut) play.divide(division.after);
    play.take(event);
  });
  if (division && division.cut >= events.length) play.divide(division.after);
  play.end();
  return found.sort();
}
/** Sums of parts differ in their last digits. */
function shortened(_: string, value: unknown): unknown {
  return typeof value === 'number' && !Number.isInteger(value) ? Number(value.toPrecision(9)) : value;
}

interface Instance {
  readonly operator: StatefulOperator;
  readonly states: ReadonlyMap<string, MemoryState<any>>;
}

class Play {
  readonly #case: Case;
  readonly #memory: number;
  readonly #note: (item: unknown) => void;
  readonly #log: (message: string) => void;
  readonly #keysOf: ByPort<(row: Row) => Value[]>;
  readonly #gauge = new Gauge();
  readonly #edges: ReadonlyMap<string, number>;
  readonly #open: Set<string>;
  #clock = 0;
  #instances: Instance[] = [];
  #owners: ((key: readonly Value[]) => boolean)[] = [];

  constructor(each: Case, memory: number, note: (item: unknown) => void, log: (message: string) => void) {
    this.#case = each;
    this.#memory = memory;
    this.#note = note;
    this.#log = log;
    this.#keysOf = keyReaders(each);
    this.#edges = new Map(Object.keys(each.schemas).map((port) => [port, this.#gauge.add()]));
    this.#open = new Set(this.#edges.keys());
  }

  start({ count, by }: Instances): void {
    const all = [...Object.values(keyedOp(this.#case)!.keys)[0]!.keys()];
    const some = all.filter((place) => (by >> place) & 1);
    const places = some.length > 0 ? some : all;
    this.#owners = Array.from({ length: count }, (_, i) => ownedBy(i, count, places));
    this.#instances = this.#owners.map(() => this.#instance());
  }

  #instance(): Instance {
    const states = new Map<string, MemoryState<any>>();
    const state = <V extends State>(name: string): KeyedState<V> => {
      const found = states.get(name) ?? new MemoryState<V>();
      states.set(name, found);
      return found;
    };
    const started = prepared(this.#case, {
      memory: this.#memory,
      now: () => this.#clock,
      fail: ({ code, message, row }) => this.#note({ code, message, row }),
      emit: (port, rows) => {
        for (const row of rows) this.#note({ port, row });
      },
      log: (_, message) => this.#log(message),
      state,
    });
    return { operator: stateful(started.start()), states };
  }

  /** All instances stop, and so many others go on with what they kept. */
  divide(instances: Instances): void {
    const earlier = this.#instances.map(({ operator, states }): EarlierInstance => {
      const copies = new Map([...states].map(([name, state]) => [name, copyOf(state)]));
      return { state: deserialize(serialize(operator.snapshot?.())), keyed: (name) => (copies.get(name) as KeyedState<any>) ?? new MemoryState() };
    });
    this.start(instances);
    for (const [i, { operator }] of this.#instances.entries()) operator.takeOver!(earlier, this.#owners[i]!);
    for (const { operator } of this.#instances) for (const port of this.#edges.keys()) if (!this.#open.has(port)) operator.ended?.(port);
  }

  take(event: Event): void {
    if ('rows' in event) {
      const keyOf = this.#keysOf[event.port]!;
      for (const [i, { operator }] of this.#instances.entries()) {
        const own = event.rows.filter((row) => this.#owners[i]!(keyOf(row)));
        if (own.length > 0) operator.process(own, event.port);
      }
    } else if ('watermark' in event) this.#advance(() => this.#gauge.advance(this.#edges.get(event.port)!, event.watermark));
    else if ('tick' in event) {
      this.#clock = event.tick;
      for (const { operator } of this.#instances) operator.tick?.(event.tick);
    } else {
      this.#open.delete(event.end);
      this.#advance(() => this.#gauge.end(this.#edges.get(event.end)!));
      for (const { operator } of this.#instances) operator.ended?.(event.end);
    }
  }
  #advance(change: () => void): void {
    const { watermark } = this.#gauge;
    change();
    if (this.#gauge.watermark > watermark) for (const { operator } of this.#instances) operator.advance?.(this.#gauge.watermark);
  }

  end(): void {
    for (const end of [...this.#open]) this.take({ end });
    if (this.#gauge.watermark < endOfTime) throw new Error('Not all inputs have ended');
    for (const { operator } of this.#instances) if (operator.finish?.() instanceof Promise) throw new Error('finish() gave a promise');
  }
}

function keyReaders(each: Case): ByPort<(row: Row) => Value[]> {
  const { op, keys } = keyedOp(each)!;
  const { schemas } = each;
  if (op.op === 'lookup' || op.op === 'coGroup') {
    const [one, other] = op.op === 'lookup' ? ['rows', 'lookup'] : ['left', 'right'];
    const { left, right } = keyPairs(schemas[one!]!, schemas[other!]!, op.keys);
    return { [one!]: keyValuesReader(left), [other!]: keyValuesReader(right) };
  }
  return Object.fromEntries(Object.entries(keys).map(([port, names]) => [port, keyValuesReader(keyColumns(schemas[port]!, names))]));
}

function copyOf(state: MemoryState<any>): MemoryState<any> {
  const copy = new MemoryState<any>();
  for (const [key, value, expiresAt] of state.entriesWithExpiry())
    copy.set(key, deserialize(serialize(value)), expiresAt === Number.POSITIVE_INFINITY ? undefined : expiresAt);
  return copy;
}

function stateful(operator: Operator): StatefulOperator {
  if ('process' in operator) return operator;
  throw new Error('The operation keeps nothing');
}
