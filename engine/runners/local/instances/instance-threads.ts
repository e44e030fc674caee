import { Worker } from 'node:worker_threads';
import type { NodeId } from '../../../document/pipeline.ts';
import { entryFile } from '../../../processes/entries.ts';
import { memoryLimit } from '../memory-limits.ts';
import { type Monitor, newMonitor } from '../monitor.ts';
import type { ToControl } from '../run-messages.ts';
import type { FromInstance, InstanceHandle, InstanceHost, ToInstance } from './messages.ts';

/** As of the data thread: rows die young. */
const youngMb = 32;

/** Starts threads for instances, and tells the control thread of them: it watches them. */
export class InstanceThreads implements InstanceHost {
  readonly #post: (message: ToControl) => void;

  constructor(post: (message: ToControl) => void) {
    this.#post = post;
  }

  start(index: number, nodes: readonly NodeId[]): InstanceHandle {
    const monitor: Monitor = newMonitor();
    const post = this.#post;
    post({ kind: 'instance', instance: index, monitor, nodes });
    const worker = new Worker(entryFile('instance-thread'), {
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
      post: (message: ToInstance, transfer = []) => worker.postMessage(message, transfer),
      onMessage(listener: (message: FromInstance) => void) {
        worker.on('message', (message: FromInstance) => {
          if (message.kind === 'code') post({ ...message, instance: index });
          else listener(message);
        });
      },
      onLost(listener) {
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
