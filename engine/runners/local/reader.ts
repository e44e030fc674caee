import type { Reader } from '@millrace/kit/node';
import type { Hub, Station } from './hub.ts';

/** A source's reader with its time kept and its name in every error. */
export function watchedReader(reader: Reader, station: Station, hub: Hub): Reader {
  const named = (error: unknown) => {
    throw hub.named(error, station);
  };
  return {
    read() {
      const batch = hub.work(station, () => reader.read());
      return batch instanceof Promise ? batch.catch(named) : batch;
    },
    position: () => reader.position(),
    waiting: reader.waiting && (() => hub.work(station, () => reader.waiting?.() ?? {})),
    committed:
      reader.committed &&
      (async (position, checkpoint) => {
        try {
          await hub.work(station, () => reader.committed?.(position, checkpoint));
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
