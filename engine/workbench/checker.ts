import { basename } from 'node:path';
import type { CodeAnalysis } from '../../nodes/kit/node.ts';
import type { Pipeline, PipelineNode } from '../document/pipeline.ts';
import type { Catalogue } from '../plan/catalogue.ts';
import { type CheckedPipeline, type CheckOptions, checkPipeline } from '../plan/check.ts';
import { type Discovered, Discoveries } from '../preview/discoveries.ts';
import type { TypedCode } from '../preview/typecheck.ts';
import { codeIn } from './typed-code.ts';

export interface Check {
  readonly checked: CheckedPipeline;
  /** By source: differs when the source would read something else. */
  readonly sampleKeys: { readonly [node: string]: string };
  /** Users' code whose input is known, for the type check. */
  readonly code: readonly TypedCode[];
}

export interface Place {
  /** Where relative paths start. */
  readonly folder: string;
  /** Of the pipeline's file; null where it has none yet. */
  readonly path: string | null;
}

/** Checks pipelines with what their sources say about the outside world. Keep one: it remembers what was looked up. */
export class Checker {
  readonly #catalogue: Catalogue;
  readonly #analyse: CodeAnalysis;
  readonly #discoveries: Discoveries;

  constructor(catalogue: Catalogue, analyse: CodeAnalysis, discoveries = new Discoveries()) {
    this.#catalogue = catalogue;
    this.#analyse = analyse;
    this.#discoveries = discoveries;
  }

  /** Ends its processes; what is under way is answered as if it had failed. */
  close(): void {
    this.#discoveries.close();
  }

  /**
   * With `touch` false nothing that the pipeline names is looked at, as behoves one
   * from elsewhere: schemas that follow from files stay unknown. With `mustKnow`, as before a run, sources that are slow are
   * waited for; else the check answers without them.
   */
  async check(
    pipeline: Pipeline,
    { folder, path }: Place,
    options: {
      readonly touch: boolean;
      readonly mustKnow?: boolean;
      readonly parameters?: { readonly [name: string]: string | number | boolean };
    },
  ): Promise<Check> {
    const given = { catalogue: this.#catalogue, analyse: this.#analyse, file: path === null ? null : basename(path), parameters: options.parameters };
    const found = options.touch ? await this.#discover(pipeline, folder, given, options.mustKnow ?? false) : new Map<string, Discovered>();
    const checked = checkPipeline(pipeline, { ...given, discovered: (id) => found.get(id)?.discovery ?? null });
    return {
      checked,
      sampleKeys: Object.fromEntries([...found].map(([id, source]) => [id, source.key])),
      code: [...checked.nodes.values()].flatMap(codeIn),
    };
  }

  async #discover(pipeline: Pipeline, folder: string, given: Omit<CheckOptions, 'discovered'>, mustKnow: boolean): Promise<Map<string, Discovered>> {
    // The sources are first checked alone, for their params: completed, with parameters put in, and whether they are right.
    const isSource = ([, node]: readonly [string, PipelineNode]) => this.#catalogue.get(node.type)?.kind === 'source';
    const nodes = Object.fromEntries(Object.entries(pipeline.nodes).filter(isSource));
    const alone = checkPipeline({ ...pipeline, nodes, edges: [] }, { ...given, discovered: () => null });
    const sources = [...alone.nodes.values()].filter((node) => node.valid);
    const found = sources.map(async ({ id, definition, params }) => [id, await this.#discoveries.find(definition, params, folder, mustKnow)] as const);
    return new Map(await Promise.all(found));
  }
}
