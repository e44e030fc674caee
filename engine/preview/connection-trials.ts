import { MillraceError } from '../../model/problems/problem.ts';
import { WorkerPool } from '../processes/pool.ts';
import { WorkerEnded } from '../processes/worker-process.ts';
import type { Connected, ConnectJob } from './connect.ts';

const limitMs = 20_000;
const memoryMb = 512;
/** A server that does not answer holds up no other. */
const most = 4;

/** Tries connections in processes that are killed at their limits, and immediately once no request waits for them. */
export class ConnectionTrials {
  readonly #pool = new WorkerPool<ConnectJob, Connected>({ secrets: ({ texts }) => texts, entry: 'connection', limitMs, memoryMb, most });

  /** Rejects with what is wrong: as the other side says, `connection/slow`, `connection/ended`, or `cancelled`. */
  async run(job: ConnectJob, signal: AbortSignal): Promise<Connected> {
    try {
      return await this.#pool.run(job, { signal });
    } catch (error) {
      if (error instanceof WorkerEnded) throw problemOfEnd(error);
      throw error;
    }
  }

  close(): void {
    this.#pool.close();
  }
}

function problemOfEnd({ reason, message }: WorkerEnded): MillraceError {
  if (reason === 'cancelled') return new MillraceError({ code: 'cancelled', message: 'It was cancelled.' });
  if (reason === 'time') {
    const hint = 'Check host and port, and whether a firewall is in between.';
    return new MillraceError({ code: 'connection/slow', message: `There was no answer within ${limitMs / 1000} s.`, hint });
  }
  return new MillraceError({ code: 'connection/ended', message: `The connection could not be tried: ${message}.`, hint: 'Try again.' });
}
