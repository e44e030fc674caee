import { basename, dirname, resolve } from 'node:path';
import { definitions } from '../../nodes/index.ts';
import { type Pipeline, runNodeTitle } from '../document/pipeline.ts';
import { Catalogue } from '../plan/catalogue.ts';
import { codeAnalysis } from '../sandbox/analysis.ts';
import { type Check, Checker } from '../workbench/checker.ts';
import { readText } from '../workbench/disk.ts';
import { pipelineOf } from '../workbench/documents.ts';

export interface Loaded extends Check {
  readonly file: string;
  readonly folder: string;
  /** Of the file; absolute. */
  readonly path: string;
  readonly pipeline: Pipeline;
  /** What a node is called in messages. */
  titleOf(node: string): string;
}

/** Opens and checks a pipeline file. Throws a MillraceError where it cannot be read as one. */
export async function load(file: string, parameters: { readonly [name: string]: string } = {}): Promise<Loaded> {
  const path = resolve(file);
  const { text } = await readText(path);
  const { pipeline } = pipelineOf(text);
  const catalogue = new Catalogue(definitions);
  const folder = dirname(path);
  const checker = new Checker(catalogue, codeAnalysis);
  const check = await checker.check(pipeline, { folder, path }, { touch: true, mustKnow: true, parameters }).finally(() => checker.close());
  const titleOf = (node: string) => {
    const found = pipeline.nodes[node];
    return found?.title ?? (found && catalogue.get(found.type)?.title) ?? (found ? undefined : runNodeTitle(node)) ?? node;
  };
  return { ...check, file: basename(path), folder, path, pipeline, titleOf };
}
