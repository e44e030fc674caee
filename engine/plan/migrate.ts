import type { Migration, NodeProblem } from '@millrace/kit/node';
import type { PipelineNode } from '../document/pipeline.ts';

type Params = PipelineNode['params'];
export type Migrated =
  /** `steps` are the names of the migrations that were applied. */
  { readonly ok: true; readonly params: Params; readonly steps: readonly string[] } | { readonly ok: false; readonly problem: NodeProblem };

/** The params of a node or a connection in the form of its current definition. */
export function migrateParams(
  definition: { readonly title: string; readonly version: number; readonly migrations?: readonly Migration[] },
  node: Pick<PipelineNode, 'typeVersion' | 'params'>,
): Migrated {
  const { title, version } = definition;
  if (node.typeVersion > version) {
    const message = `It was made with version ${node.typeVersion} of "${title}", but this Millrace has version ${version}`;
    return { ok: false, problem: { code: 'node/too-new', severity: 'error', message, hint: 'Open the pipeline with a newer Millrace.' } };
  }
  const steps: string[] = [];
  let params = node.params;
  for (const migration of definition.migrations ?? []) {
    if (migration.to <= node.typeVersion) continue;
    try {
      params = migration.migrate(params);
    } catch (error) {
      const message = `It could not be brought to version ${migration.to} of "${title}" (${migration.name}): ${error instanceof Error ? error.message : String(error)}`;
      return { ok: false, problem: { code: 'node/migration-failed', severity: 'error', message, hint: 'Delete the node and add it again.' } };
    }
    steps.push(migration.name);
  }
  return { ok: true, params, steps };
}
