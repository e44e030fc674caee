/**
 * Rows to columns, by grouping: a row becomes one that has its value in the column of its own name and null in all others, which
 * count for nothing. So memory, disk, windows and checkpoints are those of every aggregation.
 */

import { columnOf, findColumn, freeName } from '@millrace/kit/columns';
import type { RowFailure, StatefulOperator } from '@millrace/kit/node';
import type { AggregateFunction, PivotOp } from '@millrace/kit/ops';
import { itemAt } from '../../../model/faults/missing.ts';
import type { Column, Row, Schema, State, Value } from '../../../model/values/types.ts';
import { formatValue } from '../../../model/values/values.ts';
import type { RowsContext } from '../ports.ts';
import { keyOfType } from '../rows/key-columns.ts';
import { columnSource, compile, picker, rowSource } from '../rows/rows.ts';
import { type GroupingOptions, grouping } from './grouping.ts';

interface PivotingOptions extends Omit<PivotOp, 'op' | 'values'>, Pick<RowsContext, 'memory' | 'state' | 'emit' | 'fail' | 'log' | 'yieldNow' | 'signal'> {
  readonly input: Schema;
  readonly output: Schema;
  /** In the order of the output's last columns. */
  readonly values: readonly Value[];
}

type Snapshot = { readonly groups: State; readonly unlisted: State };

/** Different values that are counted by themselves; the others are counted together. */
const mostCounted = 1000;
const mostTold = 10;

export function pivoting({ values, ...op }: PivotOp, context: RowsContext): StatefulOperator {
  const { inputs, outputs, emit } = context;
  const output = outputs.rows;
  const options: PivotingOptions = { ...context, ...op, input: inputs.rows, output, values: values.map(({ value }) => value) };
  const { column } = options;
  const cells = output.columns.slice(-options.values.length);
  const wide = widener(options);
  const finish = options.function === 'only' ? onlyValue(options, cells) : (rows: readonly Row[]) => rows;
  const inner = grouping({
    ...options,
    input: wide.schema,
    output: { columns: [...output.columns, ...(options.function === 'only' ? countNames(output, cells.length).map(countColumn) : [])] },
    aggregates: wide.aggregates,
    emit: (port, rows) => {
      const out = port === 'late' ? rows.map(originOf) : finish(rows);
      if (out.length > 0) emit(port, out);
    },
    fail: (failure) => options.fail(failure.row ? { ...failure, row: originOf(failure.row) } : failure),
  });
  const unlisted = new Unlisted(options);
  return {
    process(rows, port) {
      const known: Row[] = [];
      const others: Row[] = [];
      for (const row of rows) {
        const at = wide.indexOf(row[column] ?? null);
        if (at >= 0) known.push(wide.row(row, at));
        else if (unlisted.take(row)) others.push(row);
      }
      if (others.length > 0) emit('others', others);
      if (known.length > 0) inner.process(known, port);
    },
    advance: inner.advance?.bind(inner),
    outputWatermark: (watermark) => inner.outputWatermark(watermark),
    ...(inner.tick && { tick: inner.tick.bind(inner) }),
    finish() {
      const finished = inner.finish();
      if (finished) return finished.then(() => unlisted.tell());
      unlisted.tell();
    },
    snapshot: () => ({ groups: inner.snapshot(), unlisted: unlisted.snapshot() }),
    restore(state) {
      const { groups, unlisted: told } = state as Snapshot;
      inner.restore(groups);
      unlisted.add(told);
    },
    takeOver(earlier, owns) {
      const before = earlier.map(({ state, keyed }) => ({ ...(state as Snapshot), keyed }));
      inner.takeOver?.(
        before.map(({ groups, keyed }) => ({ state: groups, keyed })),
        owns,
      );
      // These are of no key, and are told once: by the instance that has the key of nulls.
      if (owns(op.keys.map(() => null))) for (const each of before) unlisted.add(each.unlisted);
    },
    stateSize: () => inner.stateSize(),
  };
}

/** The row that a widened one was made of: it is what leaves where something is wrong with it. */
const origin = Symbol('origin');
function originOf(row: Row): Row {
  return (row as { readonly [origin]?: Row })[origin] ?? row;
}

interface Widener {
  readonly schema: Schema;
  readonly aggregates: GroupingOptions['aggregates'];
  /** The column of a value, or -1. */
  indexOf(value: Value): number;
  row(row: Row, at: number): Row;
}

function widener({ input, keys, column, values, window, valueColumn, percent, function: name }: PivotingOptions): Widener {
  const needed = new Set([...keys, input.eventTime?.column, window?.column].filter((each): each is string => typeof each === 'string'));
  const kept = input.columns.filter((each) => needed.has(each.name));
  const names = values.map((_, i) => freeName(`cell_${i}`, '_', needed));
  const type = findColumn(input, valueColumn ?? '')?.type ?? 'integer';
  const cells = names.map((each): Column => ({ name: each, type, nullable: true }));
  const keyOf = keyOfType(findColumn(input, column)?.type ?? 'string') ?? ((value: Value) => value);
  const indexes = new Map(values.map((value, i) => [keyOf(value), i]));
  const ofNull = indexes.get(null);
  if (findColumn(input, column)?.type === 'string' && ofNull !== undefined && !indexes.has('')) indexes.set('', ofNull);
  const sources = [
    ...kept.map((each) => ({ name: each.name, source: columnSource(each.name) })),
    ...names.map((each, i) => ({ name: each, source: `at === ${i} ? value : null` })),
  ];
  const literal = rowSource(sources).replace(/ \}$/, ', [origin]: row }');
  const make = compile<(row: Row, at: number, value: Value) => Row>(`(row, at, value) => (${literal})`, { origin });
  const aggregate = (each: AggregateFunction) => names.map((cell) => ({ function: each, column: cell, percent }));
  return {
    schema: { ...input, columns: [...kept, ...cells] },
    aggregates: name === 'only' ? [...aggregate('first'), ...aggregate('count')] : aggregate(name),
    indexOf: (value) => indexes.get(keyOf(value)) ?? -1,
    row: (row, at) => make(row, at, valueColumn === null ? 1 : (row[valueColumn] ?? null)),
  };
}

function countColumn(name: string): Column {
  return { name, type: 'integer', nullable: false };
}
/** Of the columns that count the values of each cell: they do not come out. */
function countNames({ columns }: Schema, count: number): string[] {
  const taken = new Set(columns.map(({ name }) => name));
  return Array.from({ length: count }, (_, i) => freeName(`count_${i}`, '_', taken));
}

/** Takes the counts off again; a group that has several values for one cell fails. */
function onlyValue({ output, keys, fail }: PivotingOptions, cells: readonly Column[]): (rows: readonly Row[]) => readonly Row[] {
  const counts = countNames(output, cells.length);
  const pick = picker(output.columns.map(({ name }) => ({ name, from: name })));
  const keyColumns = keys.map((name) => columnOf(output, name));
  return (rows) =>
    rows.flatMap((row) => {
      const at = counts.findIndex((name) => (row[name] as number) > 1);
      if (at < 0) return [pick(row)];
      const where = keyColumns.map(({ name, type }) => `${name} is ${row[name] == null ? 'null' : formatValue(row[name], type)}`).join(' and ');
      const message = `There are ${row[itemAt(counts, at)]} values for "${itemAt(cells, at).name}"${where === '' ? '' : ` where ${where}`}`;
      fail({ code: 'pivot/several', message, hint: 'Choose how to combine them, such as Sum or Last.', field: 'function' });
      return [];
    });
}

/** Rows whose value is no column. */
class Unlisted {
  readonly #options: PivotingOptions;
  readonly #type: Column['type'];
  readonly #counts = new Map<string, number>();
  /** Of values that are not counted by themselves any more. */
  #more = 0;

  constructor(options: PivotingOptions) {
    this.#options = options;
    this.#type = columnOf(options.input, options.column).type;
  }

  /** Notes a row; whether it is to leave by the port for others. */
  take(row: Row): boolean {
    const { unlisted, column, fail, window, log } = this.#options;
    if (unlisted === 'leave') return true;
    const value = row[column] ?? null;
    const text = value === null ? 'null' : formatValue(value, this.#type);
    if (unlisted === 'fail') {
      const failure: RowFailure = { code: 'pivot/unlisted', message: `"${column}" is ${text}, which is not one of the columns`, field: 'values', row };
      fail({ ...failure, hint: 'Add it to the columns, or let such rows leave by the port "Others".' });
      return false;
    }
    // What goes on without end tells at once, since there may never be a summary.
    if (this.#counts.size === 0 && window !== null)
      log('warning', `"${column}" is ${text}, which is not one of the columns: such rows leave by the port "Others"`);
    const count = this.#counts.get(text);
    if (count === undefined && this.#counts.size >= mostCounted) this.#more++;
    else this.#counts.set(text, (count ?? 0) + 1);
    return true;
  }

  tell(): void {
    const { column, log } = this.#options;
    const known = [...this.#counts].sort(([, a], [, b]) => b - a);
    if (known.length === 0) return;
    const sum = (counts: readonly (readonly [string, number])[]) => counts.reduce((total, [, count]) => total + count, 0);
    const told = known.slice(0, mostTold).map(([text, count]) => `${text} (${count})`);
    const rest = sum(known.slice(mostTold)) + this.#more;
    const all = sum(known) + this.#more;
    const values = [...told, ...(rest > 0 ? [`${rest} rows with other values`] : [])].join(', ');
    log('warning', `${all} ${all === 1 ? 'row has' : 'rows have'} a value of "${column}" that is not a column, and left by the port "Others": ${values}`);
  }

  snapshot(): State {
    return { counts: [...this.#counts], more: this.#more };
  }
  /** What another one had counted. */
  add(snapshot: State): void {
    const { counts, more } = snapshot as { readonly counts: readonly (readonly [string, number])[]; readonly more: number };
    for (const [text, count] of counts) this.#counts.set(text, (this.#counts.get(text) ?? 0) + count);
    this.#more += more;
  }
}
