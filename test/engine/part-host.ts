/** Threads for stretches of an input, in tests: each over a channel of its own, in this thread. */
import { MessageChannel } from 'node:worker_threads';
import type { NodeDefinition } from '@millrace/kit/node';
import type { FromPart, PartHost, ToPart } from '../../engine/runners/local/parts/messages.ts';
import { servePart } from '../../engine/runners/local/parts/part.ts';
import type { Sandbox } from '../../engine/sandbox/sandbox.ts';

/** `onSent`: sees what they say before it arrives. */
export function partHost(sandbox: Sandbox, definition: (type: string) => NodeDefinition | undefined, onSent: (message: FromPart) => void = () => {}): PartHost {
  return {
    startPart() {
      const { port1, port2 } = new MessageChannel();
      servePart(
        {
          post: (message: FromPart) => port2.postMessage(message),
          onMessage: (listener: (message: ToPart) => void) => void port2.on('message', listener),
        },
        { definition, sandboxOf: async () => sandbox },
      );
      return {
        post: (message: ToPart) => port1.postMessage(message),
        onMessage(listener: (message: FromPart) => void) {
          port1.on('message', (message: FromPart) => {
            onSent(message);
            listener(message);
          });
        },
        onLost() {},
        async terminate() {
          port1.close();
        },
      };
    },
  };
}
