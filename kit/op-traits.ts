/** What is derived from an operation, so that no node declares it. */
import { mentionedColumns } from '../model/schema/mentioned-columns.ts';
import type { Schema } from '../model/values/types.ts';
import { findColumn } from './columns.ts';
import type { CodeRef, FillOp, Op, OpTraits, Windowing } from './ops.ts';
import { columnsOfItems, columnsOfParts, extractedColumns } from './row-ops.ts';
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
    case 'parse':
    case 'split':
    case 'extract':
    case 'replace':
    case 'explode':
    case 'unpivot':
      return rowByRow;
    case 'take':
      return { ...ofOneInstance, ends: true };
    case 'order':
      return { ...ofOneInstance, bounded: ['rows'] };

    case 'stateful':
      return { ...byKey(op), awaits: op.hasTimers ? [{ port: 'rows', time: null }] : [] };
    case 'lag':
    case 'anomaly':
    case 'rateLimit':
    case 'everyNth':
    case 'runningAggregate':
      return byKey(op);
    case 'sample':
      // Whether a key is selected depends only on the key.
      return op.keys.length > 0 ? rowByRow : ofOneInstance;
    case 'fill':
      return looksBack(op) ? byKey(op) : rowByRow;
    case 'distinct':
      return {
        ...ofOneInstance,
        bounded: op.keep === 'last' && op.within === null ? ['rows'] : [],
        awaits: op.within === null ? [] : [{ port: 'rows', time: null }],
        partition: { rows: op.keys },
      };
    case 'lookup':
      return {
        ...ofOneInstance,
        first: op.versions ? [] : ['lookup'],
        awaits: op.versions ? ['rows', 'lookup'].map((port) => ({ port, time: null })) : [],
        partition: { rows: op.keys.map(({ left }) => left), lookup: op.keys.map(({ right }) => right) },
      };
    case 'coGroup':
      return {
        ...ofOneInstance,
        awaits: ['left', 'right'].map((port) => ({ port, time: null })),
        partition: { left: op.keys.map(({ left }) => left), right: op.keys.map(({ right }) => right) },
      };
    case 'assignTime':
      return { ...ofOneInstance, setsEventTime: true };
    case 'combine':
    case 'pivot':
      return ofGroups(op);
    case 'top': {
      const waits = op.every === null ? { bounded: ['rows'] } : { awaits: [{ port: 'rows', time: null }] };
      return { ...byKey(op), ...waits };
    }

    case 'native':
      return op.traits;
  }
}

/** Whether it processes each row by itself as it arrives: adjacent ones become one loop. */
export function isRowByRow(op: Op): boolean {
  const { isStateful, first, bounded, awaits, setsEventTime, partition } = traitsOf(op);
  const isHeld = first.length + bounded.length + awaits.length > 0;
  return partition === 'any' && !isStateful && !isHeld && !setsEventTime;
}

/** Whether users' code runs in it, so that the runner has to confine it. A native operation may compile some. */
export function runsCode(op: Op): boolean {
  return op.op === 'native' || holdsCode(op);
}

/** Whether it contains a `CodeRef` or a `PatternRef`, whatever the operation, so that new operations are covered too. */
function holdsCode(data: unknown): boolean {
  if (typeof data !== 'object' || data === null) return false;
  return ('field' in data && ('source' in data || 'pattern' in data)) || Object.values(data).some(holdsCode);
}

/** Its results for a key depend only on that key's rows, in their order. */
function byKey({ keys }: { readonly keys: readonly string[] }): OpTraits {
  return { ...ofOneInstance, partition: keys.length > 0 ? { rows: keys } : null };
}

/** Whether a row is filled with values of other rows. */
export function looksBack({ columns }: FillOp): boolean {
  return columns.some(({ constant }) => constant === null);
}

/**
 * For an operation with one input: the columns whose values it looks at. All others leave it unchanged and under their own names, or not at
 * all, so that a run may pass them to it as text (engine/plan/as-written.ts). Null: it may look at all of them.
 */
export function looksAt(op: Op, input: Schema): readonly string[] | null {
  switch (op.op) {
    case 'filter':
      return mentionedBy(op.test, input);
    case 'project':
      // The new name of a renamed column is that of another one.
      return op.columns.filter(({ name, from, cast }) => name !== from || cast).flatMap(({ name, from }) => [from, name]);
    case 'compute': {
      const mentioned = op.columns.map(({ expression }) => mentionedBy(expression, input));
      return mentioned.includes(null) ? null : [...op.columns.map(({ name }) => name), ...mentioned.flatMap((names) => names ?? [])];
    }
    case 'take':
      return [];
    case 'order':
      return op.by.map(({ column }) => column);
    case 'parse':
      return op.columns.flatMap(({ name, from }) => [from, name]);
    case 'split':
      return [op.column, ...columnsOfParts(op)];
    case 'extract':
      return [op.column, ...extractedColumns(op)];
    case 'explode':
      return [op.column, ...columnsOfItems(op)];
    case 'unpivot':
      return [...op.columns, op.name.column, op.value.column];
    case 'lag':
      return [...op.keys, ...op.columns.map(({ column }) => column), ...op.onlyChangesOf];
    case 'anomaly':
      return [...op.keys, op.column];
    case 'rateLimit':
    case 'everyNth':
    case 'sample':
      return op.keys;
    case 'fill':
      return [...op.keys, ...op.columns.map(({ column }) => column)];
    case 'distinct':
      return op.within === null || !input.eventTime ? op.keys : [...op.keys, input.eventTime.column];
    case 'assignTime':
      return [op.column];
    case 'combine':
      // A result's name may be that of a column that is not in the output.
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
  const each = byKey({ keys });
  return {
    ...each,
    bounded: window === null ? ['rows'] : [],
    awaits: window === null || window.early !== null ? [] : [{ port: 'rows', time: window.column, field: window.field }],
    // Empty windows are emitted up to the last one that has rows of any key.
    partition: window?.empty ? null : each.partition,
  };
}
function lookedAtByGroups({ keys, window }: Groups): readonly string[] {
  const times = window === null ? [] : [...windowColumns(window).map(({ name }) => name), ...(window.column === null ? [] : [window.column])];
  return [...keys, ...times];
}
