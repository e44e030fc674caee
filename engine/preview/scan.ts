/** Reads a source to its end, as a run would, to say what of it does not fit: in the process that does it. */
import type { Misfit, NodeDefinition, RowFailure } from '@millrace/kit/node';
import { itemAt } from '../../model/faults/missing.ts';
import type { EntryFix, RowPosition } from '../../model/problems/problem.ts';
import { seen } from '../../model/schema/detected.ts';
import type { ColumnType, Schema } from '../../model/values/types.ts';
import { problemOf } from '../protocol/connection.ts';
import type { ScannedColumn, ScannedFault, ScanProgress, ScanResult, SeenCell } from '../protocol/messages.ts';
import type { PlannedNode, SecretTexts } from '../protocol/physical-plan.ts';
import { batchSize, runContext, SharedThings, sourceContext } from '../runners/local/contexts.ts';

export interface ScanJob {
  readonly node: PlannedNode;
  /** Where relative paths start. */
  readonly folder: string;
  readonly secrets?: SecretTexts;
}

/** At most this many faults are shown for each column and kind. */
const shown = 5;
const keptLogs = 20;
const progressMs = 200;
const emptyProgress = { done: 0, total: null };

/** Never rejects for what the source throws: that is where reading ended. */
export async function scan({ node, folder, secrets }: ScanJob, definition: NodeDefinition, onProgress: (progress: ScanProgress) => void): Promise<ScanResult> {
  if (definition.kind !== 'source') throw new Error(`${node.id} is not a source`);
  const startedAt = performance.now();
  const tally = new Tally(itemAt(Object.values(node.outputs), 0));
  const logs: string[] = [];
  const shared = new SharedThings();
  const surroundings = {
    folder,
    signal: new AbortController().signal,
    shared,
    secrets,
    onLog: (level: 'info' | 'warning', message: string) => void (level === 'warning' && logs.length < keptLogs && logs.push(message)),
    onGuard: () => {},
  };
  const context = runContext(node, surroundings, (failure) => tally.add(failure));
  let rows = 0;
  let stopped: ScanResult['stopped'] = null;
  let progress: { readonly done: number; readonly total: number | null } = emptyProgress;
  try {
    // As a sample it is read once, whatever its schedule.
    const reader = await definition.run({ ...sourceContext(context, null, undefined, (failure) => tally.add(failure)), batchSize, sample: true });
    try {
      let toldAt = Number.NEGATIVE_INFINITY;
      for (let batch = await reader.read(); batch; batch = await reader.read()) {
        rows += batch.rows.length;
        if (performance.now() - toldAt < progressMs) continue;
        toldAt = performance.now();
        progress = reader.progress?.() ?? progress;
        onProgress({ ...progress, rows, failed: tally.rows });
      }
      progress = reader.progress?.() ?? progress;
    } finally {
      await reader.close();
    }
  } catch (error) {
    stopped = { ...problemOf(error), node: node.id };
  } finally {
    shared.close();
  }
  return { rows, failed: tally.rows, ...tally.result(node.id), logs, stopped, bytes: progress.done, elapsedMs: performance.now() - startedAt };
}

/** Failures by column, or by what is wrong with the row. */
class Tally {
  readonly #types: ReadonlyMap<string, ColumnType>;
  readonly #columns = new Map<string, { cells: number; first: SeenCell[]; fix: EntryFix | null }>();
  readonly #faults = new Map<string, { rows: number; first: SeenCell[]; failure: RowFailure }>();
  rows = 0;

  constructor(schema: Schema) {
    this.#types = new Map(schema.columns.map(({ name, type }) => [name, type]));
  }

  add(failure: RowFailure): void {
    this.rows++;
    if (failure.misfits) for (const misfit of failure.misfits) this.#addCell(misfit, failure.position);
    else this.#addFault(failure);
  }

  result(node: string): { readonly columns: readonly ScannedColumn[]; readonly faults: readonly ScannedFault[] } {
    return {
      columns: [...this.#types].flatMap(([name, type]) => {
        const found = this.#columns.get(name);
        return found ? [{ name, type, ...found }] : [];
      }),
      faults: [...this.#faults.values()].map(({ rows, first, failure: { code, message, hint, field, fix } }) => ({
        rows,
        first,
        problem: { severity: 'error', code, message, hint, field, fix, node },
      })),
    };
  }

  #addCell({ column, text, message, fix }: Misfit, position: RowPosition | undefined): void {
    const found = this.#columns.get(column);
    const cell = () => ({ ...seen(text, position?.line, position?.source), message });
    if (!found) {
      this.#columns.set(column, { cells: 1, first: [cell()], fix: fix ?? null });
      return;
    }
    found.cells++;
    if (found.first.length < shown) found.first.push(cell());
    if (found.fix && fix) found.fix = wider(found.fix, fix);
  }

  #addFault(failure: RowFailure): void {
    const { code, message, position, row } = failure;
    // Numbers and names in a message differ from row to row, its beginning tells what it is about.
    const found = this.#faults.get(code);
    const raw = row?.['raw'];
    const cell = () => ({ ...seen(typeof raw === 'string' ? raw : JSON.stringify(row ?? null), position?.line, position?.source), message });
    if (!found) this.#faults.set(code, { rows: 1, first: [cell()], failure });
    else {
      found.rows++;
      if (found.first.length < shown) found.first.push(cell());
    }
  }
}

/** Of two edits that widen a column, one that takes what either does. */
function wider(one: EntryFix, other: EntryFix): EntryFix {
  if (one.entry['type'] === other.entry['type']) return one;
  return one.entry['type'] === 'string' || other.entry['type'] !== 'string' ? one : other;
}
