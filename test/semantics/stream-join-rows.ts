/** Rows for the tests of joined streams, and how they come out. */
import type { Row } from '../../model/values/types.ts';
import { schema } from '../transform-trial.ts';
import { timed } from './stream.ts';

export const left = timed(schema({ time: 'timestamp?', key: 'string?', a: 'integer' }), 'time');
export const right = timed(schema({ time: 'timestamp?', key: 'string?', b: 'integer' }), 'time');
export const inputs = { left, right };
export const keys = [{ left: 'key', right: 'key' }];

export const l = (time: number | null, key: string | null, a = 0): Row => ({ time, key, a });
export const r = (time: number | null, key: string | null, b = 0): Row => ({ time, key, b });
/** As it comes out of a range join: either side may be null. */
export function pair(one: Row | null, other: Row | null): Row {
  return {
    event_time: Math.max(...[one, other].flatMap((row) => (row ? [row['time'] as number] : []))),
    time: one?.['time'] ?? null,
    key: one?.['key'] ?? other?.['key'] ?? null,
    a: one?.['a'] ?? null,
    time_right: other?.['time'] ?? null,
    b: other?.['b'] ?? null,
  };
}
export function inWindow(start: number, stop: number, one: Row | null, other: Row | null): Row {
  const { event_time: _, ...rest } = pair(one, other);
  return { window_start: start, window_end: stop, ...rest };
}
