/** Instances for tests: each over a channel of its own, in this thread. */
import { MessageChannel } from 'node:worker_threads';
import type { NodeDefinition } from '@millrace/kit/node';
import { serveInstance } from '../../engine/runners/local/instances/instance.ts';
import type { FromInstance, InstanceHost, ToInstance } from '../../engine/runners/local/instances/messages.ts';
import type { Sandbox } from '../../engine/sandbox/sandbox.ts';

export function instanceHost(sandbox: Sandbox, definition: (type: string) => NodeDefinition | undefined): InstanceHost {
  return {
    start() {
      const { port1, port2 } = new MessageChannel();
      serveInstance(
        {
          post: (message: FromInstance, transfer = []) => port2.postMessage(message, transfer),
          onMessage: (listener: (message: ToInstance) => void) => void port2.on('message', listener),
        },
        { sandbox, definition },
      );
      return {
        post: (message: ToInstance, transfer = []) => port1.postMessage(message, transfer),
        onMessage: (listener: (message: FromInstance) => void) => void port1.on('message', listener),
        onLost() {},
        async terminate() {
          port1.close();
        },
      };
    },
  };
}
