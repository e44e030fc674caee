/** A pipeline's file, opened by the command line. */
import { existsSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { connectionTypes, definitions } from '../../nodes/index.ts';
import { type Pipeline, runNodeTitle } from '../document/pipeline.ts';
import { Catalogue } from '../plan/catalogue.ts';
import { reachFacts } from '../plan/reach-facts.ts';
import { dataFolder } from '../store/data-folder.ts';
import { Store } from '../store/store.ts';
import { readConnectionsFile, refuseUnknownEnvironment } from '../workbench/connections-file.ts';
import { readText } from '../workbench/disk.ts';
import { pipelineOf } from '../workbench/documents.ts';

export interface PipelineFile {
  readonly file: string;
  readonly folder: string;
  /** Of the file; absolute. */
  readonly path: string;
  /** That of the folder's connections which was chosen, or null. */
  readonly environment: string | null;
  readonly pipeline: Pipeline;
  readonly catalogue: Catalogue;
  /** By the user of this installation, as the file is now. */
  readonly trusted: boolean;
  /** What a node is called in messages. */
  titleOf(node: string): string;
}

/** Opens only the file itself. Throws a MillraceError if it cannot be read as a pipeline. */
export async function openPipeline(file: string, environment: string | null = null): Promise<PipelineFile> {
  const path = resolve(file);
  const { text, stamp } = await readText(path);
  const { pipeline } = pipelineOf(text);
  const folder = dirname(path);
  const { connections } = await readConnectionsFile(folder);
  refuseUnknownEnvironment(connections, environment);
  const catalogue = new Catalogue(definitions, connectionTypes);
  const trusted = isTrusted(path, stamp, reachFacts(pipeline, connections, catalogue));
  const titleOf = (node: string) => {
    const found = pipeline.nodes[node];
    return found?.title ?? (found && catalogue.get(found.type)?.title) ?? (found ? undefined : runNodeTitle(node)) ?? node;
  };
  return { file: basename(path), folder, path, environment, pipeline, catalogue, trusted, titleOf };
}

/** Makes no store where there is none. */
function isTrusted(path: string, stamp: string, facts: string): boolean {
  if (!existsSync(join(dataFolder(), 'millrace.sqlite'))) return false;
  const store = Store.open(dataFolder());
  try {
    return store.trust.covers(path, stamp, facts);
  } finally {
    store.close();
  }
}
