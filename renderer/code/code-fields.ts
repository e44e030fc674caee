import type { FieldManifest, NodeCheck, NodeManifest } from '../../engine/protocol/messages.ts';
import type { Json, Schema } from '../../model/values/types.ts';

export type CodeKind = 'expression' | 'code' | 'sql';
/** One param of a node that holds text for the code editor. */
export interface CodeField {
  readonly kind: CodeKind;
  /** `script`, or within a list `columns.2.expression`: the same path that problems name. */
  readonly path: string;
  readonly label: string;
  readonly text: string;
  readonly field: FieldManifest;
}

const codeKinds: ReadonlySet<string> = new Set<CodeKind>(['expression', 'code', 'sql']);
export function isCodeKind(kind: string): kind is CodeKind {
  return codeKinds.has(kind);
}

/** All code of a node in the order of its form, without fields that are hidden by their `when`. */
export function codeFields(manifest: NodeManifest, params: { readonly [name: string]: Json }): CodeField[] {
  const values = { ...manifest.defaults, ...params };
  const found: CodeField[] = [];
  for (const [name, field] of Object.entries(manifest.params)) {
    if (!isShown(field, values, manifest.params)) continue;
    if (isCodeKind(field.kind)) found.push({ kind: field.kind, path: name, label: field.label, text: textOf(values[name]), field });
    else if (field.kind === 'list') found.push(...listFields(name, field, values[name]));
  }
  return found;
}

function listFields(name: string, list: FieldManifest, value: Json | undefined): CodeField[] {
  const items = Array.isArray(value) ? value : [];
  return items.flatMap((item, index) =>
    Object.entries(list.item ?? {}).flatMap(([part, field]) => {
      const values = item as { readonly [name: string]: Json };
      if (!isCodeKind(field.kind) || !isShown(field, values)) return [];
      const label = typeof values['name'] === 'string' && values['name'] ? values['name'] : `${list.itemLabel ?? list.label} ${index + 1}`;
      return [{ kind: field.kind, path: `${name}.${index}.${part}`, label, text: textOf(values[part]), field }];
    }),
  );
}

/** Whether a field's `when` holds among the values of its form, and with `fields` also that of the field that it depends on. */
export function isShown(field: FieldManifest, values: { readonly [name: string]: Json }, fields: { readonly [name: string]: FieldManifest } = {}): boolean {
  if (!field.when) return true;
  const { param, is } = field.when;
  const above = fields[param];
  return is.some((wanted) => wanted === values[param]) && (!above || isShown(above, values, fields));
}

/** The schema at the input that a field is about (the first one unless it says otherwise), or at the node's own output; null while unknown. */
export function inputSchema(check: NodeCheck | null, field: Pick<FieldManifest, 'input' | 'of'>): Schema | null {
  if (!check) return null;
  if (field.of === 'output') return check.outputs[0]?.schema ?? null;
  const port = field.input ? check.inputs.find((input) => input.name === field.input) : check.inputs[0];
  return port?.schema ?? null;
}

/** The key columns that the code of a keyed module is about; null for all other code. */
export function keysOf(field: Pick<FieldManifest, 'keyed'>, values: { readonly [name: string]: Json }): readonly string[] | null {
  if (field.keyed === undefined) return null;
  const keys = values[field.keyed];
  return Array.isArray(keys) ? keys.filter((key) => typeof key === 'string') : [];
}

function textOf(value: Json | undefined): string {
  return typeof value === 'string' ? value : '';
}
