/** The node library: every file of a family that has a node as its default export, collected by the build. */

import type { NodeDefinition } from '@millrace/kit/node';
import { everySource } from '@millrace/kit/sources/every-source';

/** Files without a default export contain what the nodes beside them share. */
const files = import.meta.glob<{ readonly default?: unknown }>(['./*/*.ts', '!./**/*.test.ts'], { eager: true });

/** Sources with the features that all of them have: nothing uses one without. */
export const definitions: readonly NodeDefinition[] = collect(files).map((definition) => (definition.kind === 'source' ? everySource(definition) : definition));

/** Throws if a file is not a node, so that a mistake shows at the first start and not as a missing node. */
function collect(modules: Readonly<Record<string, { readonly default?: unknown }>>): NodeDefinition[] {
  const types = new Set<string>();
  const nodes = Object.entries(modules).flatMap(([file, { default: exported }]) => (exported === undefined ? [] : [{ file, exported }]));
  return nodes.map(({ file, exported }) => {
    if (typeof exported !== 'object' || exported === null || !('type' in exported)) throw new Error(`${file} has no node as its default export`);
    const definition = exported as NodeDefinition;
    if (!file.endsWith(`/${definition.type}.ts`)) throw new Error(`${file} holds the node "${definition.type}": a file is named like its node`);
    if (types.has(definition.type)) throw new Error(`${file} holds the node "${definition.type}", which another file has already`);
    types.add(definition.type);
    return definition;
  });
}
