/**
 * Lets every source that ends be read repeatedly, so that no source needs code for it: params in addition to its own, and a reader that
 * opens the source's reader once for each reading.
 */

import { itemAt } from '../../model/faults/missing.ts';
import { findColumn } from '../columns.ts';
import { f, type ParamsOf } from '../fields.ts';
import type { Inference, NodeProblem, SourceDefinition } from '../node.ts';
import { outputColumnProblem } from '../params.ts';
import { ScheduledReader, type SchedulePosition } from './scheduled-reader.ts';

const group = 'Schedule';
const fields = {
  repeat: f.duration({
    label: 'Read again every',
    group,
    optional: true,
    min: 100,
    placeholder: 'once',
    help: 'The source then never ends. Each read returns all rows again, or only new ones if there is a cursor. Empty: it is read once.',
  }),
  cursorColumn: f.column({
    label: 'Cursor',
    of: 'output',
    types: ['integer', 'number', 'decimal', 'timestamp', 'date', 'string'],
    group,
    optional: true,
    help: 'A column that grows, such as an id. Each read returns only rows whose value is greater than all values read before; text is compared by its character codes.',
  }),
};
export type ScheduleParams = ParamsOf<typeof fields>;

/** The source with a schedule, if it always ends by itself. Throws if it declares a param of the same name. */
export function withSchedule(definition: SourceDefinition): SourceDefinition {
  if (definition.bounded !== true) return definition;
  const clash = Object.keys(fields).find((name) => Object.hasOwn(definition.params, name));
  if (clash !== undefined) throw new Error(`The source "${definition.type}" declares a param "${clash}", which every source that ends has`);
  const port = itemAt(definition.outputs, 0).name;
  return {
    ...definition,
    params: { ...definition.params, ...fields },
    bounded: ({ repeat }: ScheduleParams) => repeat === null,
    infer: (context) => checkCursor(definition.infer(context), context.params as ScheduleParams, port),
    run(context) {
      const { repeat, cursorColumn } = context.params as ScheduleParams;
      if (repeat === null || context.sample) return definition.run(context);
      const open = (inner: typeof context) => definition.run(inner);
      const cursorType = findColumn(context.outputs[port], cursorColumn ?? '')?.type ?? null;
      return new ScheduledReader(open, context, { repeat, cursorColumn, cursorType }, context.start as SchedulePosition | null);
    },
  };
}

function checkCursor(inference: Inference, params: ScheduleParams, port: string): Inference {
  const { repeat, cursorColumn } = params;
  const schema = inference.outputs[port];
  if (!schema || !cursorColumn) return inference;
  const wrong = outputColumnProblem(schema, fields.cursorColumn, cursorColumn, 'cursorColumn');
  const message = 'A cursor has no effect on a source that is read once';
  const idle = { code: 'schedule/once', severity: 'warning', message, hint: 'Set the time after which it is read again.', field: 'cursorColumn' } as const;
  const problem = wrong ?? (repeat === null ? idle : isCut(params, cursorColumn) ? cutCursor(cursorColumn) : null);
  return problem ? { ...inference, problems: [...(inference.problems ?? []), problem] } : inference;
}

/** Whether the source cuts times of the column to milliseconds. (As an event time, they are cut after the cursor has used them.) */
function isCut({ types }: ScheduleParams & { readonly types?: unknown }, column: string): boolean {
  return Array.isArray(types) && types.some((entry) => entry?.column === column && entry.finer === 'cut');
}

/** Two times in one millisecond would be equal: rows between two readings might be missed. */
function cutCursor(column: string): NodeProblem {
  const message = `Column "${column}" is cut off to milliseconds, so that as a cursor it would leave out rows of the same millisecond`;
  const hint = 'Choose another cursor, such as an id, or read the column as text or as whole numbers.';
  return { code: 'schedule/cut', severity: 'error', message, hint, field: 'cursorColumn' };
}
