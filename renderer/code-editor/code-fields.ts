import type { FieldManifest, NodeManifest } from '../../engine/protocol/messages.ts';
import type { Json } from '../../model/values/types.ts';
import { isShown } from '../session/fields.ts';

export type CodeKind = 'expression' | 'code' | 'sql';
/** One param of a node with text for the code editor. */
export interface CodeField {
  readonly kind: CodeKind;
  /** `script`, or within a list `columns.2.expression`: the same path that problems name. */
  readonly path: string;
  readonly label: string;
  readonly text: string;
  readonly field: FieldManifest;
}

const codeKinds: ReadonlySet<string> = new Set<CodeKind>(['expression', 'code', 'sql']);
function isCodeKind(kind: string): kind is CodeKind {
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

function textOf(value: Json | undefined): string {
  return typeof value === 'string' ? value : '';
}
