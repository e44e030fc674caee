import type { Writer } from '@millrace/kit/node';
import type { Json } from '../../../model/values/types.ts';
import type { NodeId } from '../../document/pipeline.ts';
import type { NodeCounters } from './counters.ts';

export interface OpenWriter {
  readonly node: NodeId;
  readonly writer: Writer;
  readonly counters: NodeCounters;
  /** Something of it is visible. */
  committed: boolean;
  /** How many rows it has made visible since the stream began anew. */
  committedRows: number;
  /** How many of them before this run went on. */
  readonly earlierRows: number;
  /** There is nothing to undo: all is committed, or what is not will be, whatever happens. */
  isSettled: boolean;
}

/** Runs a node's own code in its name. */
type AtWork = <T>(node: NodeId, run: () => T) => T;
type Named = (error: unknown, writer: OpenWriter) => Error;

/** What becomes visible by itself and outlives the process: the writers of one transaction, a single one, or each file of one that has several. */
export function independentOutputs(writers: readonly OpenWriter[]): number {
  const outputs = new Set<unknown>();
  for (const { writer } of writers) {
    const output = writer.output();
    if (!writer.prepare || output.kind === 'memory' || output.kind === 'printed') continue;
    outputs.add(writer.transaction ?? writer);
    if (output.kind === 'file' && output.isPattern) outputs.add(output);
  }
  return outputs.size;
}

/** The writers whose transaction decides whether a checkpoint counts: see kit/node.ts. */
export function deciders(writers: readonly OpenWriter[]): readonly OpenWriter[] {
  const first = writers.find(({ writer }) => writer.transaction)?.writer.transaction;
  return first ? writers.filter(({ writer }) => writer.transaction === first) : [];
}

/** Phase one of one writer: gives its token. */
export async function prepareOne(each: OpenWriter, checkpoint: number, atWork: AtWork, named: Named): Promise<Json> {
  try {
    each.isSettled = false;
    return (await atWork(each.node, () => each.writer.prepare?.(checkpoint))) ?? null;
  } catch (error) {
    throw named(error, each);
  }
}

/** Takes up a part of the rows: by sink, what `PartWriter.finish` gave. */
export async function joinPart(writers: readonly OpenWriter[], finished: { readonly [sink: NodeId]: Json }, atWork: AtWork, named: Named): Promise<void> {
  for (const each of writers) {
    try {
      await atWork(each.node, () => each.writer.join?.(finished[each.node] ?? null));
    } catch (error) {
      throw named(error, each);
    }
  }
}

/**
 * Phase two. `isStored`: a checkpoint's file says what was prepared, so once it is decided nothing of it is undone any more,
 * and what could not be committed here will be by a run that goes on from it. Without such a file all that is not yet
 * committed can still be undone when one fails. Sinks of one transaction are committed together.
 */
export async function commitAll(writers: readonly OpenWriter[], checkpoint: number, isStored: boolean, atWork: AtWork, named: Named): Promise<void> {
  const first = isStored ? deciders(writers) : [];
  await commitSome(first, checkpoint, atWork, named);
  if (isStored) for (const each of writers) each.isSettled = true;
  const others = writers.filter((each) => !first.includes(each));
  await commitSome(others, checkpoint, atWork, named);
}

async function commitSome(writers: readonly OpenWriter[], checkpoint: number, atWork: AtWork, named: Named): Promise<void> {
  const ready: OpenWriter[] = [];
  const settle = () => {
    for (const each of ready) {
      if (writers.some((other) => !ready.includes(other) && sharesOutput(each, other))) continue;
      markCommitted(each);
    }
  };
  for (const each of writers) {
    try {
      await atWork(each.node, () => each.writer.commit(checkpoint));
    } catch (error) {
      settle();
      throw named(error, each);
    }
    ready.push(each);
  }
  settle();
}

/** All that it has taken is visible. */
export function markCommitted(each: OpenWriter): void {
  each.committed = true;
  each.committedRows = takenBy(each);
  each.isSettled = true;
}

export function takenBy({ counters }: { readonly counters: Pick<NodeCounters, 'in' | 'failed'> }): number {
  return counters.in - counters.failed;
}

export async function abortAll(writers: readonly OpenWriter[], atWork: AtWork, log: (node: NodeId, message: string) => void): Promise<void> {
  for (const { node, writer, isSettled } of writers) {
    if (isSettled) continue;
    try {
      await atWork(node, () => writer.abort());
    } catch (error) {
      log(node, `Undoing what was written failed: ${(error as Error).message}`);
    }
  }
}

export async function closeAll(writers: readonly OpenWriter[], atWork: AtWork, log: (node: NodeId, message: string) => void): Promise<void> {
  for (const { node, writer } of writers) {
    try {
      await atWork(node, () => writer.close());
    } catch (error) {
      log(node, `Closing failed: ${(error as Error).message}`);
    }
  }
}

function sharesOutput(a: OpenWriter, b: OpenWriter): boolean {
  if (a.writer.transaction || b.writer.transaction) return a.writer.transaction === b.writer.transaction;
  const [first, second] = [a.writer.output(), b.writer.output()];
  return first.kind === 'sqlite' && second.kind === 'sqlite' && first.path === second.path;
}
