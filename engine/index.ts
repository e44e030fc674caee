/**
 * The one engine entry. A host forks it with a role: `workbench` (one per window) or `run` (one per running pipeline).
 * It lives as long as its host: when the channel ends, so does the process.
 */
import type { WorkbenchSettings } from './protocol/host-api.ts';
import type { Port } from './protocol/port.ts';
import { splitPipe } from './supervisor/engine-process.ts';
import { messagePort, parentPipe } from './supervisor/parent.ts';
import { remoteRuns } from './supervisor/remote-runs.ts';

const [role, argument] = process.argv.slice(2);
const parent = parentPipe(() => process.exit(0));
const { host, editor } = splitPipe(parent.pipe);
// Ctrl+C and the end of a terminal reach every process of the group: they are for the host, which stops a run in order.
for (const signal of ['SIGINT', 'SIGHUP'] as const) process.on(signal, () => {});

void start();

async function start(): Promise<void> {
  if (role === 'run') {
    const { serveRun } = await import('./runtime/run-process.ts');
    serveRun(host);
  } else if (role === 'workbench') {
    const settings = JSON.parse(argument ?? '{}') as WorkbenchSettings;
    const { serveWorkbench } = await import('./workbench/workbench.ts');
    const runs = remoteRuns(host);
    const serve = (port: Port) => {
      serveWorkbench(port, { runs, ...settings });
      if (settings.crashed) port.post({ kind: 'event', name: 'engine.restarted', data: { reason: settings.crashed, node: null } });
    };
    // Electron hands over a MessagePort to the window; other hosts pass the editor's frames on through the parent channel.
    if (parent.onPort) parent.onPort((port) => serve(messagePort(port)));
    else serve(editor);
  } else {
    process.stderr.write(`millrace engine: unknown role "${role}"\n`);
    process.exit(2);
  }
}
