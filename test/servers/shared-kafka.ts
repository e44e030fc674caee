/** One broker for all tests of a process; it ends with it. */
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Connection } from '@millrace/kit/connection';
import { type Kafka, startKafka } from './kafka.ts';
import { connectionTo, Topics } from './kafka-topics.ts';

export interface SharedKafka {
  readonly kafka: Kafka;
  readonly topics: Topics;
}

let starting: Promise<SharedKafka> | null = null;
let started: Kafka | null = null;

/** Starts it with the first call. `connection`: that of nodes, once it has started. */
export const sharedKafka = Object.assign(
  (): Promise<SharedKafka> => {
    starting ??= startKafka(mkdtempSync(join(tmpdir(), 'millrace-kafka-'))).then((kafka) => {
      started = kafka;
      return { kafka, topics: new Topics(kafka.brokers) };
    });
    return starting;
  },
  {
    connection(): Connection {
      if (!started) throw new Error('Kafka has not been started');
      return connectionTo(started.brokers);
    },
    async stop(): Promise<void> {
      if (!starting) return;
      const { kafka, topics } = await starting;
      await topics.close();
      await kafka.stop();
      starting = null;
      started = null;
    },
  },
);
