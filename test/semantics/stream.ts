/**
 * Plays a stream to one transform in virtual time: rows, watermarks, ticks of the wall clock, ends and restarts in the order given,
 * after the manner of Beam's TestStream. Tables of such cases prove what comes out, and when.
 */
import { deserialize, serialize } from 'node:v8';
import type { NodeProblem, Operator, RowFailure, StatefulOperator, TransformDefinition } from '@millrace/kit/node';
import type { Params } from '@millrace/kit/params';
import { expect, it } from 'vitest';
import { outputsOf } from '../../engine/plan/catalogue.ts';
import { Gauge } from '../../engine/runners/local/gauge.ts';
import { beginningOfTime, endOfTime, eventTimeReader } from '../../model/schema/event-time.ts';
import type { Row, Schema } from '../../model/values/types.ts';
import { nonconformity } from '../conformance/outcome.ts';
import { prepareTransform } from '../transform-trial.ts';

/** `port` defaults to the first input for rows, and to all inputs for watermarks. */
export type StreamEvent =
  | { readonly rows: readonly Row[]; readonly port?: string }
  | { readonly watermark: number; readonly port?: string }
  | { readonly tick: number }
  | { readonly idle: string; readonly is: boolean }
  | { readonly end: string }
  | { readonly restart: true };

export interface StreamCase {
  readonly name: string;
  readonly params: Params;
  /** An input that is not connected is left out. */
  readonly inputs: { readonly [port: string]: Schema };
  readonly events: readonly StreamEvent[];
  /** Bytes that the operator may hold in plain memory; without it there is no limit. */
  readonly memory?: number;
  /** All that comes out, in this order. */
  readonly expect: readonly Expected[];
  /** Parts of the failures' messages, in order. */
  readonly failures?: readonly string[];
  /** Parts of the problems' messages, in order; with an error among them nothing is played. */
  readonly problems?: readonly string[];
}
/** `after`: the index of the event that it comes with; `end` for when all inputs end. `port` defaults to the first output. */
export interface Expected {
  readonly after: number | 'end';
  readonly port?: string;
  readonly rows: readonly Row[];
}

export interface Played {
  /** Neighbours of one event and port are one entry. The end of all inputs is the event after the last one. */
  readonly emitted: readonly { readonly event: number; readonly port: string; readonly rows: readonly Row[] }[];
  readonly failures: readonly RowFailure[];
  readonly schemas: { readonly [port: string]: Schema | null };
  readonly problems: readonly NodeProblem[];
  /** Rows (of ports that are not for late ones) whose event time the watermark that was handed on had passed already. */
  readonly overtaken: readonly { readonly event: number; readonly port: string; readonly row: Row }[];
  /** What the operator says of its state after each event; null where it does not. */
  readonly stateSizes: readonly ({ readonly entries: number; readonly bytes: number } | null)[];
  /** The watermark handed on after each event. */
  readonly watermarks: readonly number[];
}

/** After the last event the inputs that have not ended do so. */
export function playStream(
  definition: TransformDefinition<any>,
  { params, inputs, events, memory = Number.POSITIVE_INFINITY }: Pick<StreamCase, 'params' | 'inputs' | 'events' | 'memory'>,
): Played {
  const emitted: { event: number; port: string; rows: Row[] }[] = [];
  const failures: RowFailure[] = [];
  const overtaken: { event: number; port: string; row: Row }[] = [];
  const stateSizes: Played['stateSizes'][number][] = [];
  const watermarks: number[] = [];
  let event = 0;
  let clock = 0;
  let handedOn = beginningOfTime;
  const latePorts = new Set(outputsOf(definition).flatMap(({ name, late }) => (late ? [name] : [])));

  const emit = (port: string, rows: readonly Row[]): void => {
    const last = emitted.at(-1);
    if (rows.length === 0) return;
    if (last?.event === event && last.port === port) last.rows.push(...rows);
    else emitted.push({ event, port, rows: [...rows] });
    const schema = schemas[port];
    const read = schema && !latePorts.has(port) ? eventTimeReader(schema) : null;
    if (read) for (const row of rows) if ((read(row) ?? Number.POSITIVE_INFINITY) <= handedOn) overtaken.push({ event, port, row });
  };
  const inputLists = Object.fromEntries(definition.inputs.map(({ name }) => [name, inputs[name] ? [inputs[name]] : []]));
  const surroundings = { memory, now: () => clock, fail: (failure: RowFailure) => void failures.push(failure), emit };
  const { problems, schemas, start } = prepareTransform(definition, params, inputLists, surroundings);
  const played = { emitted, failures, schemas, problems, overtaken, stateSizes, watermarks };
  if (problems.some(({ severity }) => severity === 'error')) return played;

  const gauge = new Gauge();
  const open = new Map(Object.keys(inputs).map((port) => [port, gauge.add()]));
  const edges = new Map(open);
  let operator = stateful(start());
  const moved = (change: () => void): void => {
    const { watermark } = gauge;
    change();
    if (gauge.watermark <= watermark) return;
    operator.advance?.(gauge.watermark);
    // As in the engine, the end itself is handed on only after `finish`.
    if (gauge.watermark < endOfTime) handedOn = Math.max(handedOn, operator.outputWatermark?.(gauge.watermark) ?? gauge.watermark);
  };
  const end = (port: string): void => {
    const edge = open.get(port);
    if (edge === undefined) throw new Error(`The input "${port}" has ended, or is not there`);
    open.delete(port);
    moved(() => gauge.end(edge));
    operator.ended?.(port);
    if (open.size > 0) return;
    // No operator of the library finishes asynchronously; one that did would need a player that waits.
    if (operator.finish?.() instanceof Promise) throw new Error('finish() gave a promise');
    handedOn = endOfTime;
  };

  for (const each of events) {
    if ('rows' in each) operator.process(each.rows.slice(), each.port ?? Object.keys(inputs)[0]!);
    else if ('watermark' in each) {
      for (const port of each.port === undefined ? open.keys() : [each.port]) moved(() => gauge.advance(edges.get(port)!, each.watermark));
    } else if ('tick' in each) {
      clock = each.tick;
      operator.tick?.(clock);
    } else if ('idle' in each) moved(() => gauge.idle(edges.get(each.idle)!, each.is));
    else if ('end' in each) end(each.end);
    else {
      const state = deserialize(serialize(operator.snapshot?.()));
      operator = stateful(start());
      if (state !== undefined) operator.restore!(state);
    }
    stateSizes.push(operator.stateSize?.() ?? null);
    watermarks.push(handedOn);
    event++;
  }
  for (const port of [...open.keys()]) end(port);
  return played;
}

function stateful(operator: Operator): StatefulOperator {
  if ('process' in operator) return operator;
  throw new Error('Only operators with `process` have a place in time');
}

/**
 * One test for each case. Each is played once more for every place between two events, with a restart there, and with no memory of
 * its own: rows of one event may then come in another order.
 */
export function streamTable(definition: TransformDefinition<any>, cases: readonly StreamCase[]): void {
  it.each(cases.map((each) => [each.name, each] as const))('%s', (_, each) => {
    const played = playStream(definition, each);
    const first = outputsOf(definition)[0]!.name;
    const wanted = each.expect.map(({ after, port = first, rows }) => ({ event: after === 'end' ? each.events.length : after, port, rows }));
    expectReports(played, each);
    expect(played.emitted).toEqual(wanted);
    for (const { port, rows } of played.emitted) {
      const schema = played.schemas[port];
      expect(schema, `schema of ${port}`).toBeTruthy();
      expect(rows.map((row) => nonconformity(row, schema!)).filter((text) => text !== null)).toEqual([]);
    }
    if (played.problems.some(({ severity }) => severity === 'error')) return;
    for (let at = 0; at <= each.events.length; at++) {
      const again = playStream(definition, { ...each, events: each.events.toSpliced(at, 0, { restart: true }) });
      const shifted = wanted.map((emission) => ({ ...emission, event: emission.event + (emission.event >= at ? 1 : 0) }));
      expect(again.emitted, `with a restart before event ${at}`).toEqual(shifted);
      expect(again.failures.length, `failures with a restart before event ${at}`).toBe(played.failures.length);
      const spilled = playStream(definition, { ...each, memory: 0, events: each.events.toSpliced(at, 0, { restart: true }) });
      expect(inAnyOrder(spilled.emitted), `without memory, with a restart before event ${at}`).toEqual(inAnyOrder(shifted));
    }
  });
}

/** What comes out with each event and by each port: rows as text, in an order of their own. */
export function inAnyOrder(emitted: Played['emitted']): unknown[] {
  return emitted.map(({ event, port, rows }) => ({ event, port, rows: rows.map((row) => JSON.stringify(row)).sort() }));
}

function expectReports({ problems, failures }: Played, wanted: Pick<StreamCase, 'problems' | 'failures'>): void {
  const has = (parts: readonly string[] = []) => parts.map((part) => expect.stringContaining(part));
  expect(problems.map(({ message }) => message)).toEqual(has(wanted.problems));
  expect(failures.map(({ message }) => message)).toEqual(has(wanted.failures));
}

// ---- How cases are written

/** `at('12:01')`, `at('00:00:30.5')`: a time of the first of January 1970, in milliseconds; `-00:01` is a minute before it. */
export function at(time: string): number {
  const [hours = 0, minutes = 0, seconds = 0] = time.replace('-', '').split(':').map(Number);
  return (time.startsWith('-') ? -1 : 1) * Math.round(((hours * 60 + minutes) * 60 + seconds) * 1000);
}
export const rows = (...list: readonly Row[]): StreamEvent => ({ rows: list });
export const rowsTo = (port: string, ...list: readonly Row[]): StreamEvent => ({ port, rows: list });
/** For all inputs, or one. A number is milliseconds, a text as for `at`. */
export const watermark = (time: number | string, port?: string): StreamEvent => ({
  watermark: typeof time === 'string' ? at(time) : time,
  ...(port && { port }),
});
export const tick = (time: number | string): StreamEvent => ({ tick: typeof time === 'string' ? at(time) : time });
/** The input has no rows for now and holds no watermark back, or has some again. */
export const idle = (port: string, is = true): StreamEvent => ({ idle: port, is });
export const end = (port: string): StreamEvent => ({ end: port });
export const restart: StreamEvent = { restart: true };
/** A schema whose event time is one of its columns. */
export const timed = (schema: Schema, column: string): Schema => ({ ...schema, eventTime: { column } });
