/** The columns of what a message has besides its value. */
import type { NodeProblem } from '@millrace/kit/node';
import type { Column, Schema } from '../../model/values/types.ts';
import type { PartParams } from './message-fields.ts';

export type PartColumn = Column & { readonly part: Exclude<keyof PartParams, 'keyType'> };

export function partsOf(params: PartParams): PartColumn[] {
  const column = (part: PartColumn['part'], type: Column['type'], nullable: boolean): PartColumn[] => {
    const name = params[part];
    return name ? [{ part, name, type, nullable }] : [];
  };
  return [
    ...column('keyColumn', params.keyType === 'text' ? 'string' : 'bytes', true),
    ...column('timestampColumn', 'timestamp', true),
    ...column('topicColumn', 'string', false),
    ...column('partitionColumn', 'integer', false),
    ...column('offsetColumn', 'integer', false),
    ...column('headersColumn', 'json', true),
    ...column('deletedColumn', 'boolean', false),
  ];
}

/** The columns of the values with those behind them, or the first name that is there twice. With tombstones, any value may be null. */
export function partColumns(values: Schema, params: PartParams): { readonly schema: Schema } | { readonly problem: NodeProblem } {
  const parts = partsOf(params);
  const names = new Set(values.columns.map(({ name }) => name));
  for (const { name, part } of parts) {
    if (names.has(name)) {
      const message = `There is a column "${name}" already.`;
      return { problem: { code: 'kafka/columns', severity: 'error', message, hint: 'Give this one another name.', field: part } };
    }
    names.add(name);
  }
  const own = params.deletedColumn ? values.columns.map((column) => ({ ...column, nullable: true })) : values.columns;
  return { schema: { columns: [...own, ...parts.map(({ name, type, nullable }) => ({ name, type, nullable }))] } };
}
