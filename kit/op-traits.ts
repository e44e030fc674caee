/** What follows from an operation: nobody writes it down a second time. */
import { mentionedColumns } from '../model/schema/mentioned-columns.ts';
import type { Schema } from '../model/values/types.ts';
import { findColumn } from './columns.ts';
import type { CodeRef, Op, OpTraits } from './ops.ts';

const rowByRow: OpTraits = {
  isStateful: false,
  first: [],
  bounded: [],
  awaits: [],
  ends: false,
  setsEventTime: false,
  partition: 'any',
};
const ofOneInstance: OpTraits = { ...rowByRow, isStateful: true, partition: null };

export function traitsOf(op: Op): OpTraits {
  switch (op.op) {
    case 'filter':
    case 'project':
    case 'compute':
    case 'flatMap':
    case 'flatten':
      return rowByRow;
    case 'take':
      return { ...ofOneInstance, ends: true };
    case 'order':
      return { ...ofOneInstance, bounded: ['rows'] };
    case 'native':
      return op.traits;
  }
}

/** Whether it is done for each row by itself as it comes: neighbours that are become one loop. */
export function isRowByRow(op: Op): boolean {
  const { isStateful, first, bounded, awaits, setsEventTime, partition } = traitsOf(op);
  const isHeld = first.length + bounded.length + awaits.length > 0;
  return partition === 'any' && !isStateful && !isHeld && !setsEventTime && op.op !== 'flatten';
}

/**
 * Of an operation with one input: the columns whose values it looks at. All others leave it as they came and under their own names, or
 * not at all, so that a run may hand them to it as text (engine/plan/as-written.ts). Null: it may look at all of them.
 */
export function looksAt(op: Op, input: Schema): readonly string[] | null {
  switch (op.op) {
    case 'filter':
      return mentionedBy(op.test, input);
    case 'project':
      // A column that is renamed takes its new name from another one.
      return op.columns.filter(({ name, from, cast }) => name !== from || cast).flatMap(({ name, from }) => [from, name]);
    case 'compute': {
      const mentioned = op.columns.map(({ expression }) => mentionedBy(expression, input));
      return mentioned.includes(null) ? null : [...op.columns.map(({ name }) => name), ...mentioned.flatMap((names) => names!)];
    }
    case 'take':
      return [];
    case 'order':
      return op.by.map(({ column }) => column);
    default:
      return null;
  }
}

function mentionedBy({ source }: CodeRef, input: Schema): readonly string[] | null {
  return mentionedColumns(source, (name) => findColumn(input, name))?.map(({ name }) => name) ?? null;
}
