/** The node library: every file of a family that has a node or a type of connections as its default export, collected by the build. */

import type { ConnectionDefinition } from '@millrace/kit/connection';
import type { NodeDefinition } from '@millrace/kit/node';
import { everySource } from '@millrace/kit/sources/every-source';

/** Files without a default export contain what the nodes beside them share. */
const files = import.meta.glob<{ readonly default?: unknown }>(['./*/*.ts', '!./**/*.test.ts'], { eager: true });

const exported = exportsOf(files);

/** Sources with the features that all of them have: nothing uses one without. */
export const definitions: readonly NodeDefinition[] = exported
  .filter((each): each is NodeDefinition => each.kind !== 'connection')
  .map((definition) => (definition.kind === 'source' ? everySource(definition) : definition));

export const connectionTypes: readonly ConnectionDefinition[] = exported.filter((each) => each.kind === 'connection');

/** Throws if a file is neither, so that a mistake shows at the first start and not as a missing node. */
function exportsOf(modules: Readonly<Record<string, { readonly default?: unknown }>>): (NodeDefinition | ConnectionDefinition)[] {
  const names = new Set<string>();
  return Object.entries(modules).flatMap(([file, { default: exported }]) => {
    if (exported === undefined) return [];
    if (typeof exported !== 'object' || exported === null || !('type' in exported)) throw new Error(`${file} has no node as its default export`);
    const definition = exported as NodeDefinition | ConnectionDefinition;
    const name = definition.kind === 'connection' ? `${definition.type}-connection` : definition.type;
    if (!file.endsWith(`/${name}.ts`)) throw new Error(`${file} holds "${name}": a file is named like what it holds`);
    if (names.has(name)) throw new Error(`${file} holds "${name}", which another file has already`);
    names.add(name);
    return [definition];
  });
}
