import type { CodeAnalysis } from '../../nodes/kit/node.ts';
import type { Pipeline } from '../document/pipeline.ts';
import type { Catalogue } from '../plan/catalogue.ts';
import { type CheckedPipeline, checkPipeline } from '../plan/check.ts';
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

/** Checks pipelines with what their sources say about the outside world. Keep one: it remembers what was looked up. */
export class Checker {
  readonly #catalogue: Catalogue;
  readonly #analyse: CodeAnalysis;
  readonly #discoveries = new Discoveries();

  constructor(catalogue: Catalogue, analyse: CodeAnalysis) {
    this.#catalogue = catalogue;
    this.#analyse = analyse;
  }

  /**
   * `folder` is where relative paths start. With `touch` false nothing that the pipeline names is looked at, as behoves one
   * from elsewhere: schemas that follow from files stay unknown.
   */
  async check(
    pipeline: Pipeline,
    folder: string,
    options: { readonly touch: boolean; readonly parameters?: { readonly [name: string]: string | number | boolean } },
  ): Promise<Check> {
    const given = { catalogue: this.#catalogue, analyse: this.#analyse, parameters: options.parameters };
    // The first pass completes the params that the sources are then asked with.
    const first = checkPipeline(pipeline, { ...given, discovered: () => null });
    const found = options.touch ? await this.#discover(first, folder) : new Map<string, Discovered>();
    const known = [...found.values()].some((source) => source.discovery);
    const checked = known ? checkPipeline(pipeline, { ...given, discovered: (id) => found.get(id)?.discovery ?? null }) : first;
    return {
      checked,
      sampleKeys: Object.fromEntries([...found].map(([id, source]) => [id, source.key])),
      code: [...checked.nodes.values()].flatMap(codeIn),
    };
  }

  async #discover(checked: CheckedPipeline, folder: string): Promise<Map<string, Discovered>> {
    const sources = [...checked.nodes.values()].filter((node) => node.valid && node.definition.kind === 'source');
    const found = sources.map(async ({ id, definition, params }) => [id, await this.#discoveries.find(definition, params, folder)] as const);
    return new Map(await Promise.all(found));
  }
}
