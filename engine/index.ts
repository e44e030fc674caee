/**
 * The one engine entry. A host forks it with a role: `workbench` (one per window) or `keeper` (one per run that outlives its host); a
 * keeper forks `run` processes. Workbenches and runs live as long as their parent: when the channel ends, so does the process. A keeper
 * continues.
 */

import { splitPipe } from './processes/engine-process.ts';
import { closeInheritedPipes } from './processes/inherited-pipes.ts';
import { messagePort, parentPipe } from './processes/parent.ts';
import { runInUniversalTime } from './processes/time-zone.ts';
import { framePort } from './protocol/frame-text.ts';
import type { WorkbenchSettings } from './protocol/host-api.ts';
import type { Port } from './protocol/port.ts';
import type { KeeperSettings } from './supervisor/fork-keeper.ts';
import { remoteHost } from './supervisor/remote-runs.ts';

runInUniversalTime();

const [role, argument] = process.argv.slice(2);
const parent = parentPipe(() => {
  if (role !== 'keeper') process.exit(0);
});
const { host, editor } = splitPipe(parent.pipe);
// Ctrl+C and the end of a terminal reach every process of the group: the host handles them, and stops a run in order.
for (const signal of ['SIGINT', 'SIGHUP'] as const) process.on(signal, () => {});
// When a machine is shut down, every process is notified: a run ends when its keeper has stopped it in order.
if (role === 'run') process.on('SIGTERM', () => {});

void start();

async function start(): Promise<void> {
  if (role === 'run') {
    const { serveRun } = await import('./runners/local/run-process.ts');
    serveRun(host);
  } else if (role === 'keeper') {
    // Before anything else is open, and before the run's process can inherit them too.
    closeInheritedPipes();
    // The process of the run starts while this one is still loading.
    const { forkNode } = await import('./processes/fork-node.ts');
    const run = forkNode('run');
    const { serveAsKeeper } = await import('./supervisor/keeper-process.ts');
    serveAsKeeper(host, run, JSON.parse(argument ?? '{}') as KeeperSettings);
  } else if (role === 'workbench') {
    const settings = JSON.parse(argument ?? '{}') as WorkbenchSettings;
    const { serveWorkbench } = await import('./workbench/workbench.ts');
    const { runs, sealer } = remoteHost(host);
    const serve = (port: Port) => {
      serveWorkbench(port, { runs, sealer: settings.seals ? sealer : null, ...settings });
      if (settings.crashed) port.post({ kind: 'event', name: 'engine.restarted', data: { reason: settings.crashed, node: null } });
    };
    // Electron passes a MessagePort for the window; other hosts forward the editor's frames through the parent channel.
    if (parent.onPort) parent.onPort((port) => serve(messagePort(port)));
    else serve(framePort(editor));
  } else {
    process.stderr.write(`millrace engine: unknown role "${role}"\n`);
    process.exit(2);
  }
}
