/** Reads the input of a source in stretches, as a run with several threads does: see `SourceDefinition.split`. */
import { resolve } from 'node:path';
import type { Row } from '../../model/values/types.ts';
import type { Reader, RowFailure, SourceDefinition, SplitSize } from '../node.ts';
import { completeParams, type Params } from '../params.ts';
import { openSource, type SourceOptions } from './read-source.ts';

export interface SplitOutcome {
  readonly rows: readonly Row[];
  /** `source:line` of each row. */
  readonly places: readonly string[];
  readonly failures: readonly RowFailure[];
  /** How many stretches there were, and whether the first reader had to read all of them. */
  readonly splits: number;
  readonly isReadOn: boolean;
}

export async function readInSplits(
  definition: SourceDefinition<any>,
  folder: string,
  given: { readonly [param: string]: unknown },
  size: SplitSize,
  options: SourceOptions = {},
): Promise<SplitOutcome> {
  const { signal } = new AbortController();
  const params: any = completeParams(definition.params, given as Params);
  const splits = await definition.split!({ params, path: (path) => resolve(folder, path), signal }, size);
  const read: Stretch[] = [];
  for (const split of splits) read.push(await Stretch.open(definition, folder, given, { ...options, split }));
  for (const each of read) await each.read();
  const [first, ...others] = read as [Stretch, ...Stretch[]];
  const isReadOn = !areOne(definition, read);
  if (isReadOn) {
    first.reader.readOn!();
    await first.read();
  }
  for (const { reader } of read) await reader.close();
  const kept = isReadOn ? [first] : [first, ...others];
  return {
    rows: kept.flatMap(({ rows }) => rows),
    places: kept.flatMap(({ places }) => places),
    failures: kept.flatMap(({ failures }) => failures),
    splits: splits.length,
    isReadOn,
  };
}

function areOne(definition: SourceDefinition<any>, read: readonly Stretch[]): boolean {
  let told = read[0]!.reader.splitEnd!().told;
  for (const [i, { reader }] of read.entries()) {
    const end = reader.splitEnd!();
    if (!end.isBetweenRows) return false;
    if (i === 0 || !definition.joinSplits) continue;
    const joined = definition.joinSplits(told, end.told);
    if (joined === null) return false;
    told = joined;
  }
  return true;
}

class Stretch {
  readonly rows: Row[] = [];
  readonly places: string[] = [];
  readonly failures: readonly RowFailure[];
  readonly reader: Reader;

  private constructor(reader: Reader, failures: readonly RowFailure[]) {
    this.reader = reader;
    this.failures = failures;
  }

  static async open(...given: Parameters<typeof openSource>): Promise<Stretch> {
    const { open, failures } = await openSource(...given);
    return new Stretch(await open(), failures);
  }

  async read(): Promise<void> {
    for (let batch = await this.reader.read(); batch !== null; batch = await this.reader.read()) {
      for (const i of batch.rows.keys()) {
        const { source, line } = batch.locate!(i);
        this.places.push(`${source}:${line}`);
      }
      this.rows.push(...batch.rows);
    }
  }
}
