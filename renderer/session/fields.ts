/** What a field of a node's form depends on: other fields, and the node's input. */
import type { FieldManifest, NodeCheck } from '../../engine/protocol/messages.ts';
import type { Json, Schema } from '../../model/values/types.ts';

/** Whether a field's `when` is true for the values of its form, and with `fields` also that of the field on which it depends. */
export function isShown(field: FieldManifest, values: { readonly [name: string]: Json }, fields: { readonly [name: string]: FieldManifest } = {}): boolean {
  if (!field.when) return true;
  const { param, is } = field.when;
  const above = fields[param];
  return is.some((wanted) => wanted === values[param]) && (!above || isShown(above, values, fields));
}

/** The schema at the input of a field (the first one by default), or at the node's own output; null while unknown. */
export function inputSchema(check: NodeCheck | null, field: Pick<FieldManifest, 'input' | 'of'>): Schema | null {
  if (!check) return null;
  if (field.of === 'output') return check.outputs[0]?.schema ?? null;
  const port = field.input ? check.inputs.find((input) => input.name === field.input) : check.inputs[0];
  return port?.schema ?? null;
}

/** The key columns for the code of a keyed module; null for all other code. */
export function keysOf(field: Pick<FieldManifest, 'keyed'>, values: { readonly [name: string]: Json }): readonly string[] | null {
  if (field.keyed === undefined) return null;
  const keys = values[field.keyed];
  return Array.isArray(keys) ? keys.filter((key) => typeof key === 'string') : [];
}
