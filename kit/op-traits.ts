/** What follows from an operation: nobody writes it down a second time. */
import { mentionedColumns } from '../model/schema/mentioned-columns.ts';
import type { Schema } from '../model/values/types.ts';
import { findColumn } from './columns.ts';
import type { CodeRef, Op, OpTraits, Windowing } from './ops.ts';
import { windowColumns } from './windows.ts';

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

    case 'combine':
    case 'pivot':
      return ofGroups(op);
    case 'runningAggregate':
      return { ...ofOneInstance, partition: byKeys(op.keys) };
    case 'top': {
      const waits = op.every === null ? { bounded: ['rows'] } : { awaits: [{ port: 'rows', time: null }] };
      return { ...ofOneInstance, ...waits, partition: byKeys(op.keys) };
    }

    case 'native':
      return op.traits;
  }
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

    case 'combine':
      // A result's name may be that of a column that does not come out.
      return [...lookedAtByGroups(op), ...op.aggregates.flatMap(({ name, column }) => (column === null ? [name] : [name, column]))];
    case 'pivot': {
      const { column, valueColumn, values } = op;
      return [...lookedAtByGroups(op), column, ...(valueColumn === null ? [] : [valueColumn]), ...values.map(({ name }) => name)];
    }
    case 'runningAggregate':
      return [...op.keys, ...op.aggregates.flatMap(({ column }) => column ?? [])];
    case 'top':
      // In windows the contents of equal rows decide which is first.
      return op.every === null ? [...op.keys, op.by.column] : null;

    default:
      return null;
  }
}

function mentionedBy({ source }: CodeRef, input: Schema): readonly string[] | null {
  return mentionedColumns(source, (name) => findColumn(input, name))?.map(({ name }) => name) ?? null;
}

interface Groups {
  readonly keys: readonly string[];
  readonly window: Windowing | null;
}
function ofGroups({ keys, window }: Groups): OpTraits {
  return {
    ...ofOneInstance,
    bounded: window === null ? ['rows'] : [],
    awaits: window === null || window.early !== null ? [] : [{ port: 'rows', time: window.column, field: window.field }],
    // Empty windows go on up to the last one that has rows of any key.
    partition: window?.empty ? null : byKeys(keys),
  };
}
function lookedAtByGroups({ keys, window }: Groups): readonly string[] {
  const times = window === null ? [] : [...windowColumns(window).map(({ name }) => name), ...(window.column === null ? [] : [window.column])];
  return [...keys, ...times];
}

/** Of an operation that does with the rows of each key what it does whatever the other rows are. */
function byKeys(keys: readonly string[]): OpTraits['partition'] {
  return keys.length === 0 ? null : { rows: keys };
}
