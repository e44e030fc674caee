import type { Writer } from '../../nodes/kit/node.ts';
import type { NodeId } from '../document/pipeline.ts';
import type { NodeCounters } from './counters.ts';

export interface OpenWriter {
  readonly node: NodeId;
  readonly writer: Writer;
  readonly counters: NodeCounters;
  committed: boolean;
}

/** Runs a node's own code in its name. */
type AtWork = <T>(node: NodeId, run: () => T) => T;

/**
 * Commits one after the other; when one fails, aborts all that can still be undone and throws. Sinks of one database share
 * its transaction, which the last of them ends: until then none of them is committed.
 */
export async function commitAll(writers: readonly OpenWriter[], atWork: AtWork, named: (error: unknown, writer: OpenWriter) => Error): Promise<void> {
  const ready: OpenWriter[] = [];
  const settle = () => {
    for (const each of ready) each.committed = writers.every((other) => ready.includes(other) || !sharesOutput(each, other));
  };
  for (const each of writers) {
    try {
      await atWork(each.node, () => each.writer.commit());
    } catch (error) {
      settle();
      throw named(error, each);
    }
    ready.push(each);
  }
  settle();
}

export async function abortAll(writers: readonly OpenWriter[], atWork: AtWork, log: (node: NodeId, message: string) => void): Promise<void> {
  for (const { node, writer, committed } of writers) {
    if (committed) continue;
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
  const [first, second] = [a.writer.output(), b.writer.output()];
  return first.kind === 'sqlite' && second.kind === 'sqlite' && first.path === second.path;
}
