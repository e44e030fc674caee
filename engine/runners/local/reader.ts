import type { Reader } from '@millrace/kit/node';
import type { OpenNode, Router } from './router.ts';

/** A source's reader with its time kept and its name in every error. */
export function watchedReader(reader: Reader, openNode: OpenNode, router: Router): Reader {
  const named = (error: unknown) => {
    throw router.named(error, openNode);
  };
  return {
    read() {
      const batch = router.work(openNode, () => reader.read());
      return batch instanceof Promise ? batch.catch(named) : batch;
    },
    position: () => reader.position(),
    waiting: reader.waiting && (() => router.work(openNode, () => reader.waiting?.() ?? {})),
    committed:
      reader.committed &&
      (async (position, checkpoint) => {
        try {
          await router.work(openNode, () => reader.committed?.(position, checkpoint));
        } catch (error) {
          named(error);
        }
      }),
    backlog: reader.backlog?.bind(reader),
    progress: reader.progress?.bind(reader),
    splitEnd: reader.splitEnd?.bind(reader),
    readOn: reader.readOn?.bind(reader),
    async close() {
      try {
        await reader.close();
      } catch (error) {
        named(error);
      }
    },
  };
}
