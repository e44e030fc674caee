/** What a pipeline would touch if it ran, derived from its nodes alone: shown before a pipeline from elsewhere is trusted. */
import type { Fields } from '@millrace/kit/fields';
import type { NodeDefinition } from '@millrace/kit/node';
import type { Params } from '@millrace/kit/params';
import type { ErrorPolicy, NodeId, PipelineNode } from '../document/pipeline.ts';
import type { Touches } from '../protocol/messages.ts';
import type { SecretUse } from '../protocol/physical-plan.ts';
import { type CheckedConnection, connectionField } from './connections.ts';

/** A node after the check; without definition and params if its type is not known. */
export interface TouchingNode {
  readonly id: NodeId;
  readonly node: PipelineNode;
  /** The policy that holds for it, where that is known. */
  readonly onError?: ErrorPolicy;
  readonly definition?: NodeDefinition;
  /** With parameters substituted, and placeholders for what is wrong. */
  readonly params?: Params;
  readonly connection?: CheckedConnection | null;
  readonly elsewhere?: readonly string[];
  readonly secrets?: readonly SecretUse[];
  /** False: some of `params` are placeholders. */
  readonly valid: boolean;
}

const declarations = ['reads', 'writes', 'listens', 'reaches'] as const;
type Declared = (typeof declarations)[number];

/** `errorsFile`: where rows are kept that fail at nodes under the policy "keep". */
export function touchesOf(nodes: readonly TouchingNode[], errorsFile: string): Touches {
  const found: Record<Declared, Set<string>> = { reads: new Set(), writes: new Set(), listens: new Set(), reaches: new Set() };
  const secrets = new Set<string>();
  const code: NodeId[] = [];
  const unknown: { node: NodeId; reason: string }[] = [];
  for (const { id, node, definition, params, connection, elsewhere = [], secrets: uses = [], valid } of nodes) {
    const report = (reason: string) => unknown.push({ node: id, reason });
    if (!definition || !params) {
      report(`there is no node type "${node.type}" here, so what it does is not known`);
      continue;
    }
    const files = fileFields(definition);
    for (const what of declarations) for (const name of declared(definition, what, params, report)) found[what].add(name);
    // Plus every other file param, so that forgetting to declare one hides nothing.
    for (const { path, mode } of filesIn(files, params)) found[mode === 'open' ? 'reads' : 'writes'].add(path);
    for (const { reference } of [...uses, ...(connection?.planned.secrets ?? [])]) secrets.add(reference);
    for (const { path, mode } of connection ? filesIn(fileFields(connection.definition), connection.shown) : [])
      found[mode === 'open' ? 'reads' : 'writes'].add(path);
    for (const address of [...(connection?.reaches ?? []), ...elsewhere]) found.reaches.add(address);
    const connects = connectionField(definition);
    if (connects && params[connects.name] && !connection) report(`the connection "${params[connects.name]}" that it names is not known`);
    if (codeIn(definition.params, params)) code.push(id);
    if (files.length === 0 && !connects && !declarations.some((what) => definition[what])) continue;
    if (!valid) report('its params have mistakes');
    for (const name of parametersIn(definition.params, node.params)) report(`the parameter "${name}" is part of it, and a run may set another value`);
  }
  if (nodes.some(({ node, onError = node.onError }) => onError === 'keep')) found.writes.add(errorsFile);
  const { reads, writes, listens, reaches } = found;
  return { reads: [...reads], writes: [...writes], listens: [...listens], reaches: [...reaches], secrets: [...secrets], code, unknown };
}

/** All that a node connects to, by its own declaration and by its connection. */
export function reachedByNode(definition: NodeDefinition, params: Params, connection: CheckedConnection | null): readonly string[] {
  return [...new Set([...declared(definition, 'reaches', params, () => {}), ...(connection?.reaches ?? [])])];
}

/** The files, or patterns of files, that a node is shown to read. */
export function readBy(definition: NodeDefinition, params: Params): readonly string[] {
  const opened = filesIn(fileFields(definition), params).filter(({ mode }) => mode === 'open');
  return [...new Set([...declared(definition, 'reads', params, () => {}), ...opened.map(({ path }) => path)])];
}

/** The files that a node is shown to write. */
export function writtenBy(definition: NodeDefinition, params: Params): readonly string[] {
  const saved = filesIn(fileFields(definition), params).filter(({ mode }) => mode === 'save');
  return [...new Set([...declared(definition, 'writes', params, () => {}), ...saved.map(({ path }) => path)])];
}

function filesIn(fields: ReturnType<typeof fileFields>, params: Params): { readonly path: string; readonly mode: 'open' | 'save' }[] {
  return fields.flatMap(({ name, mode }) => {
    const path = params[name];
    return typeof path === 'string' && path !== '' ? [{ path, mode }] : [];
  });
}

/** Whether any param holds users' code. */
function codeIn(fields: Fields, params: Params): boolean {
  return Object.entries(fields).some(([name, field]) => {
    const value = params[name];
    if (field.kind === 'code' || field.kind === 'expression') return typeof value === 'string' && value.trim() !== '';
    return field.kind === 'list' && Array.isArray(value) && value.some((item: Params) => codeIn(field.item, item));
  });
}

function fileFields(definition: { readonly params: Fields }): { readonly name: string; readonly mode: 'open' | 'save' }[] {
  return Object.entries(definition.params as Fields).flatMap(([name, field]) => (field.kind === 'file' ? [{ name, mode: field.mode }] : []));
}

function declared(definition: NodeDefinition, what: Declared, params: Params, report: (reason: string) => void): readonly string[] {
  try {
    return definition[what]?.(params) ?? [];
  } catch {
    report(`what it ${what} is not known`);
    return [];
  }
}

/** The pipeline's parameters in params that may name a file or an address: as `substitute` finds them. */
function parametersIn(fields: Fields, params: Params): readonly string[] {
  const texts = Object.entries(params).filter(([name]) => Object.hasOwn(fields, name) && ['file', 'text', 'connection'].includes(fields[name]?.kind ?? ''));
  const names = texts.flatMap(([, text]) =>
    (typeof text === 'string' ? [...text.slice(0, text.lastIndexOf('}') + 1).matchAll(/\$\$\{|\$\{([^}]*)\}/g)] : []).flatMap(([, name]) => name ?? []),
  );
  return [...new Set(names)];
}
