import { MillraceError } from '../../../model/problems/problem.ts';
import { Service } from '../../protocol/connection.ts';
import type { Port } from '../../protocol/port.ts';
import type { RunProtocol } from '../../protocol/run-api.ts';
import { DataThread } from './data-thread-handle.ts';
import { Run } from './run.ts';

/**
 * The run process's control thread: answers the RunProtocol. One process runs one pipeline, once, and stays until its
 * parent ends it, so that the rows which sinks keep can be read. The data thread is started ahead of the job.
 */
export function serveRun(port: Port): void {
  const thread = new DataThread();
  let run: Run | null = null;
  const running = (): Run => {
    if (!run) throw new MillraceError({ code: 'run/notStarted', message: 'This process has no run yet.', hint: 'Start one first.' });
    return run;
  };
  const service: Service<RunProtocol> = new Service<RunProtocol>(port, {
    start(job) {
      if (run) throw new MillraceError({ code: 'run/started', message: 'This process has a run already.', hint: 'Start each run in a process of its own.' });
      run = new Run(job, thread, {
        onChanged: (summary) => service.emit('changed', summary),
        onLogged: (line) => service.emit('logged', line),
        onAt: (place) => service.emit('at', place),
      });
      return null;
    },
    stop({ how }) {
      running().stop(how);
      return null;
    },
    pause() {
      running().pause();
      return null;
    },
    resume() {
      running().resume();
      return null;
    },
    checkpoint: async () => ({ id: await running().checkpoint() }),
    inspect: ({ node, limit, port }) => running().inspect(node, limit, port),
  });
  port.onClose(async () => {
    if (!(await thread.terminate())) process.kill(process.pid, 'SIGKILL');
  });
}
