import { existsSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { definitions } from '../../nodes/index.ts';
import { type Pipeline, runNodeTitle } from '../document/pipeline.ts';
import { Catalogue } from '../plan/catalogue.ts';
import { Discoveries, looksToRun } from '../preview/discoveries.ts';
import { codeAnalysis } from '../sandbox/analysis.ts';
import { dataFolder } from '../store/data-folder.ts';
import { Store } from '../store/store.ts';
import { type Check, Checker } from '../workbench/checker.ts';
import { readText } from '../workbench/disk.ts';
import { pipelineOf } from '../workbench/documents.ts';

export interface Loaded extends Check {
  readonly file: string;
  readonly folder: string;
  /** Of the file; absolute. */
  readonly path: string;
  readonly pipeline: Pipeline;
  /** By the user of this installation, as the file is now. */
  readonly trusted: boolean;
  /** The files that it names were looked at. */
  readonly looked: boolean;
  /** What a node is called in messages. */
  titleOf(node: string): string;
}

export interface LoadOptions {
  readonly parameters?: { readonly [name: string]: string };
  /** `trusted`: what the pipeline names is looked at only where the file is trusted; `never`: nothing but the file itself is. */
  readonly look?: 'always' | 'trusted' | 'never';
  /** Sources are looked at in this process, which will run them: starting another one takes 0.2 s. */
  readonly toRun?: boolean;
}

/** Opens and checks a pipeline file. Throws a MillraceError where it cannot be read as one. */
export async function load(file: string, { parameters = {}, look = 'always', toRun = false }: LoadOptions = {}): Promise<Loaded> {
  const path = resolve(file);
  const { text, stamp } = await readText(path);
  const trusted = isTrusted(path, stamp);
  const touch = look === 'always' || (look === 'trusted' && trusted);
  const { pipeline } = pipelineOf(text);
  const catalogue = new Catalogue(definitions);
  const folder = dirname(path);
  const checker = new Checker(catalogue, codeAnalysis, toRun ? new Discoveries({ looks: looksToRun }) : undefined);
  const check = await checker.check(pipeline, { folder, path }, { touch, mustKnow: true, parameters }).finally(() => checker.close());
  const titleOf = (node: string) => {
    const found = pipeline.nodes[node];
    return found?.title ?? (found && catalogue.get(found.type)?.title) ?? (found ? undefined : runNodeTitle(node)) ?? node;
  };
  return { ...check, file: basename(path), folder, path, pipeline, trusted, looked: touch, titleOf };
}

/** Makes no store where there is none. */
function isTrusted(path: string, stamp: string): boolean {
  if (!existsSync(join(dataFolder(), 'millrace.sqlite'))) return false;
  const store = Store.open(dataFolder());
  try {
    return store.trust.covers(path, stamp);
  } finally {
    store.close();
  }
}
