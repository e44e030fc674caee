import type { Value } from '../../../model/values/types.ts';
import type { Slotted } from './windows.ts';

/**
 * One aggregate over many groups at once. Groups are slots, numbered from 0 with few gaps; a batch is given as the slot
 * and the value of each row, so that the loop over it is one tight loop per aggregate. Null values count for nothing.
 */
export interface Accumulator extends Slotted {
  /** `order` says which of two values came first, for what depends on that. Equal ones are in the order of the rows. */
  add(slots: Int32Array, values: readonly Value[], count: number, order: Float64Array): void;
  /** Of a slot that may not have got any value. */
  result(slot: number): Value;
}
