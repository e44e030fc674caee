import type { NodeDefinition, RowFailure, WatermarkStep } from '@millrace/kit/node';
import { itemAt } from '../../model/faults/missing.ts';
import type { RowPosition } from '../../model/problems/problem.ts';
import type { Row } from '../../model/values/types.ts';
import type { PlannedNode, SecretTexts } from '../protocol/physical-plan.ts';
import { batchSize, runContext, SharedThings, sourceContext } from '../runners/local/contexts.ts';
import { keepsAll } from '../runners/local/order.ts';

const keptSamples = 24;
/** An endless or slow source gives what came within this time, once there is a row. */
const enoughMs = 400;

/** The first rows of a source. */
export interface Sample {
  /** Frozen throughout, but for bytes, which JavaScript cannot freeze. */
  readonly rows: readonly Row[];
  readonly watermarks: readonly WatermarkStep[];
  /** Where each row came from, where the source can tell. */
  readonly positions: readonly (RowPosition | undefined)[];
  /** Records that the source could not read. */
  readonly failures: readonly RowFailure[];
  /** The source has no more rows. */
  readonly complete: boolean;
}

/** Samples of sources, read once and kept until the key changes. Rows cannot be changed, so a sample serves any number of previews. */
export class Samples {
  readonly #kept = new Map<string, Sample>();

  /** The first `size` rows of a source; `key` says what it would read. Throws what the source throws. */
  async read(node: PlannedNode, definition: NodeDefinition, key: string, size: number, folder: string, secrets?: SecretTexts): Promise<Sample> {
    const name = `${size} ${key}`;
    const kept = this.#kept.get(name);
    this.#kept.delete(name);
    const sample = kept ?? (await readSample(node, definition, size, folder, secrets));
    // Rows may come that no key tells of, such as those that programs send: nothing is worth nothing.
    if (sample.rows.length > 0 || sample.failures.length > 0) this.#kept.set(name, sample);
    for (const oldest of this.#kept.keys()) {
      if (this.#kept.size <= keptSamples) break;
      this.#kept.delete(oldest);
    }
    return sample;
  }
}

async function readSample(node: PlannedNode, definition: NodeDefinition, size: number, folder: string, secrets?: SecretTexts): Promise<Sample> {
  if (definition.kind !== 'source') throw new Error(`${node.id} is not a source`);
  const rows: Row[] = [];
  const watermarks: WatermarkStep[] = [];
  const positions: (RowPosition | undefined)[] = [];
  const failures: RowFailure[] = [];
  const stop = new AbortController();
  const shared = new SharedThings();
  const surroundings = { folder, signal: stop.signal, shared, secrets, onLog: () => {}, onGuard: () => {} };
  const context = runContext(node, surroundings, (failure) => void (failures.length < size && failures.push(failure)));
  // What ends loses no row to its order; what part of it a preview has seen says nothing of that.
  const order = keepsAll(definition, node.params) ? { disorder: Number.POSITIVE_INFINITY, startsOver: false } : undefined;
  const reader = await definition.run({ ...sourceContext(context, null, order, () => {}), batchSize: Math.min(size, batchSize), sample: true });
  let complete = false;
  let cut = false;
  try {
    const startedAt = performance.now();
    while (rows.length < size && !complete) {
      const next = reader.read();
      const batch = next instanceof Promise ? await enough(next, rows.length === 0 ? null : startedAt + enoughMs - performance.now()) : next;
      if (batch === 'enough') break;
      if (batch === null) complete = true;
      else {
        const room = size - rows.length;
        for (let i = 0; i < batch.rows.length && rows.length < size; i++) {
          positions.push(batch.locate?.(i));
          rows.push(freeze(itemAt(batch.rows, i)));
        }
        cut = batch.rows.length > room;
        for (const { after, watermark } of batch.watermarks ?? []) {
          if (!cut || after < room) watermarks.push({ after: size - room + after, watermark });
        }
      }
    }
    // A source that ends exactly with the sample says so only when it is asked once more.
    if (rows.length === size && !cut) complete = (await enough(Promise.resolve(reader.read()), 50)) === null;
  } finally {
    stop.abort();
    await reader.close();
    shared.close();
  }
  return { rows, watermarks, positions, failures, complete };
}

function freeze<T>(value: T): T {
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) return value;
  for (const part of Object.values(value)) freeze(part);
  return Object.freeze(value);
}

async function enough<T>(next: Promise<T>, ms: number | null): Promise<T | 'enough'> {
  if (ms === null) return next;
  next.catch(() => {});
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<'enough'>((done) => {
    timer = setTimeout(done, Math.max(0, ms), 'enough');
  });
  const first = await Promise.race([next, late]);
  clearTimeout(timer);
  return first;
}
