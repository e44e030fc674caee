import type { Field, Fields } from '@millrace/kit/fields';
import { isShown, type Params } from '@millrace/kit/params';
import type { Schema } from '../../model/values/types.ts';
import type { CheckedNode } from '../plan/checked.ts';
import type { TypedCode } from '../preview/typecheck.ts';

/** The snippets and expressions of a node that are in use and whose rows are known. */
export function codeIn({ id, definition, params, inputs }: CheckedNode): TypedCode[] {
  const found: TypedCode[] = [];
  const inFields = (fields: Fields, values: Params, path: string): void => {
    for (const [name, field] of Object.entries(fields)) {
      if (isShown(fields, name, values)) inField(field, values, name, path === '' ? name : `${path}.${name}`);
    }
  };
  const inField = (field: Field, values: Params, name: string, path: string): void => {
    const value = values[name];
    if (field.kind === 'list' && Array.isArray(value)) {
      value.forEach((item: Params, index) => {
        inFields(field.item, item, `${path}.${index}`);
      });
    }
    if (field.kind !== 'expression' && field.kind !== 'code') return;
    const input: Schema | null | undefined = inputs[field.input ?? Object.keys(inputs)[0] ?? ''];
    if (!input || typeof value !== 'string' || value.trim() === '') return;
    const code = { node: id, field: path, source: value, input };
    if (field.kind === 'expression') found.push({ ...code, kind: 'expression' });
    else if (field.keyed === undefined) found.push({ ...code, kind: 'module' });
    else found.push({ ...code, kind: 'keyed', keys: values[field.keyed] as readonly string[] });
  };
  inFields(definition.params, params, '');
  return found;
}
