/**
 * The law of event time, for any transform: however the same rows arrive within the bound of their source (batches, interleaved
 * inputs, disorder, a restart in the middle), the final rows are the same.
 */

import type { TransformDefinition } from '@millrace/kit/node';
import { completeParams, type Params } from '@millrace/kit/params';
import fc from 'fast-check';
import { expect } from 'vitest';
import { outputsOf } from '../../engine/plan/catalogue.ts';
import { traitsOfNode } from '../../engine/plan/lower.ts';
import { eventTimeReader } from '../../model/schema/event-time.ts';
import type { Row, Schema } from '../../model/values/types.ts';
import { type Played, playStream, type StreamEvent } from './stream.ts';

export interface ArrivingInput {
  readonly schema: Schema;
  /** Their order is the order in which they happen; where the schema has an event time they are put in its order first. */
  readonly rows: readonly Row[];
}
export interface Arrivals {
  readonly inputs: { readonly [port: string]: ArrivingInput };
  /** How far, in milliseconds, a row may come behind one that happened later: the source's bound. */
  readonly disorder: number;
}
export interface SameRows {
  /** For outputs that refine what they said before: the columns that a row replaces an earlier one by. Only the last rows count. */
  readonly refines?: { readonly [port: string]: readonly string[] };
  /** Columns that tell how a row came about, and so may differ (`pane`). */
  readonly ignore?: readonly string[];
  readonly numRuns?: number;
}

/** Rows in order of event time, without disorder, each input in one batch: what every other arrival is compared with. */
export function inOrder(definition: TransformDefinition<any>, given: Params, { inputs }: Arrivals): StreamEvent[] {
  const params = completeParams(definition.params, given);
  return portsInOrder(definition, params, inputs).flatMap((port): StreamEvent[] => [
    ...(inputs[port]!.rows.length > 0 ? [{ port, rows: byEventTime(inputs[port]!) }] : []),
    { end: port },
  ]);
}

/**
 * Any way for the rows to arrive. Each input's rows come in batches, out of order by `disorder` at most, and with the watermark of
 * a source with that bound: the latest time seen, less the bound, less one. Inputs that are to be read first are.
 */
export function anyArrival(definition: TransformDefinition<any>, given: Params, { inputs, disorder }: Arrivals): fc.Arbitrary<StreamEvent[]> {
  const params = completeParams(definition.params, given);
  const ports = portsInOrder(definition, params, inputs);
  const first = portsFirst(definition, params, inputs);
  const streams = ports.map((port) => arrivalOf(port, inputs[port]!, disorder));
  return fc.tuple(fc.tuple(...streams), fc.infiniteStream(fc.nat(1000)), fc.option(fc.nat(1000))).map(([arrivals, draws, restart]) => {
    const events: StreamEvent[] = [];
    const left = ports.map((port, i) => ({ port, events: [...arrivals[i]!] }));
    while (left.length > 0) {
      const urgent = left.filter(({ port }) => first.includes(port));
      const candidates = urgent.length > 0 ? urgent : left;
      const chosen = candidates[(draws.next().value as number) % candidates.length]!;
      events.push(...chosen.events.splice(0, 1));
      if (chosen.events.length === 0) left.splice(left.indexOf(chosen), 1);
    }
    if (restart !== null) events.splice(restart % (events.length + 1), 0, { restart: true });
    return events;
  });
}

/** The law itself, over arbitrary rows. Rows without an event time are to fail, or to be left out by the caller. */
export function expectSameRows(definition: TransformDefinition<any>, params: Params, arrivals: fc.Arbitrary<Arrivals>, same: SameRows = {}): void {
  const cases = arrivals.chain((given) => anyArrival(definition, params, given).map((events) => ({ given, events })));
  fc.assert(
    fc.property(cases, ({ given, events }) => {
      const inputs = Object.fromEntries(Object.entries(given.inputs).map(([port, { schema }]) => [port, schema]));
      const reference = playStream(definition, { params, inputs, events: inOrder(definition, params, given) });
      const played = playStream(definition, { params, inputs, events });
      expect(reference.problems.filter(({ severity }) => severity === 'error')).toEqual([]);
      expect(finalRows(definition, played, same)).toEqual(finalRows(definition, reference, same));
      expect(played.failures.length).toBe(reference.failures.length);
      if (!same.refines) expect(played.overtaken, 'rows behind the watermark that was handed on').toEqual([]);
    }),
    { numRuns: same.numRuns ?? 100 },
  );
}

/** By port: the rows as text, in an order of their own, and of refined ones the last. */
export function finalRows(definition: TransformDefinition<any>, { emitted }: Played, { refines = {}, ignore = [] }: SameRows = {}): Record<string, string[]> {
  const all: Record<string, string[]> = {};
  for (const { name } of outputsOf(definition)) {
    const rows = emitted.filter(({ port }) => port === name).flatMap((emission) => emission.rows);
    const key = refines[name];
    const last = key ? [...new Map(rows.map((row) => [JSON.stringify(key.map((column) => row[column])), row])).values()] : rows;
    all[name] = last.map((row) => JSON.stringify(Object.entries(row).filter(([column]) => !ignore.includes(column)))).sort();
  }
  return all;
}

function portsInOrder(definition: TransformDefinition<any>, params: Params, inputs: Arrivals['inputs']): string[] {
  const ports = definition.inputs.map(({ name }) => name).filter((name) => inputs[name]);
  const first = portsFirst(definition, params, inputs);
  return [...ports].sort((a, b) => Number(first.includes(b)) - Number(first.includes(a)));
}

function portsFirst(definition: TransformDefinition<any>, params: Params, inputs: Arrivals['inputs']): readonly string[] {
  const schemas = Object.fromEntries(Object.entries(inputs).map(([port, { schema }]) => [port, schema]));
  return traitsOfNode(definition, params, schemas)!.first;
}

function byEventTime({ schema, rows }: ArrivingInput): Row[] {
  const read = eventTimeReader(schema);
  const time = (row: Row) => read?.(row) ?? Number.NEGATIVE_INFINITY;
  return read ? [...rows].sort((a, b) => (time(a) < time(b) ? -1 : time(a) > time(b) ? 1 : 0)) : [...rows];
}

/** A row that is held up by up to `disorder` never comes after one that happened more than `disorder` later. */
function arrivalOf(port: string, input: ArrivingInput, disorder: number): fc.Arbitrary<StreamEvent[]> {
  const read = eventTimeReader(input.schema);
  const rows = byEventTime(input);
  const delays = fc.array(fc.nat(disorder), { minLength: rows.length, maxLength: rows.length });
  return fc.tuple(delays, fc.infiniteStream(fc.integer({ min: 1, max: 5 }))).map(([delay, sizes]) => {
    const arrival = (i: number) => (read?.(rows[i]!) ?? 0) + delay[i]!;
    const order = rows.map((_, i) => i);
    if (read) order.sort((a, b) => arrival(a) - arrival(b) || a - b);
    const events: StreamEvent[] = [];
    let latest = Number.NEGATIVE_INFINITY;
    for (let i = 0; i < order.length; ) {
      const batch = order.slice(i, i + sizes.next().value!).map((index) => rows[index]!);
      i += batch.length;
      events.push({ port, rows: batch });
      if (!read) continue;
      for (const row of batch) latest = Math.max(latest, read(row) ?? Number.NEGATIVE_INFINITY);
      if (Number.isFinite(latest)) events.push({ port, watermark: latest - disorder - 1 });
    }
    events.push({ end: port });
    return events;
  });
}
