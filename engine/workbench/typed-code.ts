import type { Field, Fields } from '../../nodes/kit/fields.ts';
import { isShown, type Params } from '../../nodes/kit/params.ts';
import type { CheckedNode } from '../plan/check.ts';
import type { TypedCode } from '../preview/typecheck.ts';
import type { Schema } from '../schema/types.ts';

/** The snippets and expressions of a node that are in use and whose rows are known. */
export function codeIn({ id, definition, params, inputs }: CheckedNode): TypedCode[] {
  const found: TypedCode[] = [];
  const inFields = (fields: Fields, values: Params, path: string): void => {
    for (const [name, field] of Object.entries(fields)) {
      if (isShown(fields, name, values)) inField(field, values[name], path === '' ? name : `${path}.${name}`);
    }
  };
  const inField = (field: Field, value: unknown, path: string): void => {
    if (field.kind === 'list' && Array.isArray(value)) {
      value.forEach((item: Params, index) => {
        inFields(field.item, item, `${path}.${index}`);
      });
    }
    if (field.kind !== 'expression' && field.kind !== 'code') return;
    const input: Schema | null | undefined = inputs[field.input ?? Object.keys(inputs)[0] ?? ''];
    if (!input || typeof value !== 'string' || value.trim() === '') return;
    found.push({ node: id, field: path, kind: field.kind === 'code' ? 'module' : 'expression', source: value, input });
  };
  inFields(definition.params, params, '');
  return found;
}
