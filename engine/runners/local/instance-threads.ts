import { Worker } from 'node:worker_threads';
import type { NodeId } from '../../document/pipeline.ts';
import { entryFile } from '../../processes/entries.ts';
import type { FromInstance, InstanceHandle, InstanceHost, ToInstance } from './instances/messages.ts';
import { memoryLimit } from './memory-limits.ts';
import { type Monitor, newMonitor } from './monitor.ts';
import type { FromPart, PartHandle, PartHost, ToPart } from './parts/messages.ts';
import type { ToControl } from './run-messages.ts';

/** As of the data thread: rows die young. */
const youngMb = 32;

/** Starts threads for instances and for stretches of the input, and tells the control thread of them: it watches them. */
export class InstanceThreads implements InstanceHost, PartHost {
  readonly #post: (message: ToControl) => void;

  constructor(post: (message: ToControl) => void) {
    this.#post = post;
  }

  start(index: number, nodes: readonly NodeId[]): InstanceHandle {
    return this.#start<ToInstance, FromInstance>('instance-thread', index, nodes);
  }

  startPart(index: number, nodes: readonly NodeId[]): PartHandle {
    return this.#start<ToPart, FromPart>('part-thread', index, nodes);
  }

  #start<Sent, Received extends FromInstance | FromPart>(entry: 'instance-thread' | 'part-thread', index: number, nodes: readonly NodeId[]) {
    const monitor: Monitor = newMonitor();
    const post = this.#post;
    post({ kind: 'instance', instance: index, monitor, nodes });
    const worker = new Worker(entryFile(entry), {
      workerData: { monitor },
      resourceLimits: { maxOldGenerationSizeMb: memoryLimit(), maxYoungGenerationSizeMb: youngMb },
    });
    let isWanted = true;
    let onLost: (error: Error & { code?: string }) => void = () => {};
    const lost = (error: Error & { code?: string }) => {
      if (!isWanted) return;
      isWanted = false;
      post({ kind: 'instanceLost', instance: index, code: error.code ?? null, message: error.message });
      onLost(error);
    };
    worker.on('error', lost);
    worker.on('exit', () => lost(new Error('')));
    return {
      post: (message: Sent, transfer: readonly ArrayBuffer[] = []) => worker.postMessage(message, transfer),
      onMessage(listener: (message: Received) => void) {
        worker.on('message', (message: Received) => {
          if (message.kind === 'code') post({ ...message, instance: index });
          else listener(message);
        });
      },
      onLost(listener: (error: Error & { code?: string }) => void) {
        onLost = listener;
      },
      async terminate() {
        isWanted = false;
        await worker.terminate();
        post({ kind: 'instanceEnded', instance: index });
      },
    };
  }
}
