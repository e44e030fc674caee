import { utilityProcess } from 'electron';
import { type EngineProcess, type Role, splitPipe } from '../engine/processes/engine-process.ts';
import { entryFile } from '../engine/processes/entries.ts';
import { forkNode, oldestNode } from '../engine/processes/fork-node.ts';
import type { WorkbenchSettings } from '../engine/protocol/host-api.ts';

/** An Electron that embeds an older Node runs the engine in the one that comes with the dependencies. */
const ownNodeIsNewEnough = Number(process.versions.node.split('.')[0]) >= oldestNode;

/** An engine process of this app, with the port to connect a window to it directly if possible. */
export interface DesktopEngineProcess extends EngineProcess {
  /** Gives a MessagePort to the process; absent for a plain Node child, whose editor frames the host forwards. */
  readonly handOver?: (port: Electron.MessagePortMain) => void;
}

export function forkEngine(role: Role, settings?: WorkbenchSettings): DesktopEngineProcess {
  return ownNodeIsNewEnough ? forkUtility(role, settings) : forkNode(role, { settings });
}

function forkUtility(role: Role, settings?: WorkbenchSettings): DesktopEngineProcess {
  const child = utilityProcess.fork(entryFile('engine'), settings ? [role, JSON.stringify(settings)] : [role], {
    serviceName: `Millrace ${role}`,
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  const { host, editor } = splitPipe({
    send: (message) => child.postMessage(message),
    onMessage: (listener) => void child.on('message', listener),
    onEnd: (listener) => void child.on('exit', listener),
  });
  const exit = new Promise<number>((resolve) => child.on('exit', resolve));
  return {
    port: host,
    editor,
    kill: () => void child.kill(),
    end: () => void child.kill(),
    onExit: (listener) => void exit.then((code) => listener(code, `it ended with exit code ${code}`)),
    handOver: (port) => child.postMessage({ channel: 'window' }, [port]),
  };
}
