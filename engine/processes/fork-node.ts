import { fork } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import type { WorkbenchSettings } from '../protocol/host-api.ts';
import { type EngineProcess, type Role, splitPipe } from './engine-process.ts';
import { entryFile } from './entries.ts';

/** The major version of Node that the engine needs, in whichever process it runs. */
export const oldestNode = 24;
const stderrTail = 4000;
/** A process that does not exit when its channel closes is killed. */
const endsWithinMs = 1000;

export interface ForkOptions {
  /** A workbench's. */
  readonly settings?: WorkbenchSettings;
  /** Passes our standard input on, for a pipeline that reads it. */
  readonly readsInput?: boolean;
}

/** Forks an engine process as a plain Node child: for the command line, the browser host, and an Electron whose own Node is too old. */
export function forkNode(role: Role, options: ForkOptions = {}): EngineProcess {
  const { settings } = options;
  const binary = nodeBinary();
  const child = fork(entryFile('engine'), settings ? [role, JSON.stringify(settings)] : [role], {
    execPath: binary,
    execArgv: ['--disable-warning=ExperimentalWarning'],
    stdio: [options.readsInput ? 'inherit' : 'ignore', 'inherit', 'pipe', 'ipc'],
    // A workbench asks for secrets itself; all others are sent those that they need.
    env: role === 'workbench' ? { ...nodeEnvironment(binary), ...secretVariables() } : nodeEnvironment(binary),
  });
  let words = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    words = (words + text).slice(-stderrTail);
    if (process.env['MILLRACE_DEBUG']) process.stderr.write(text);
  });
  const exit = new Promise<readonly [code: number | null, reason: string]>((resolve) => {
    child.on('error', (error) => resolve([null, error.message]));
    child.on('exit', (code, signal) => resolve([code, exitReason(code, signal, words)]));
  });
  const { host, editor } = splitPipe({
    send: (message) => {
      if (child.connected) child.send(message as object, () => {});
    },
    onMessage: (listener) => void child.on('message', listener),
    onEnd: (listener) => {
      child.on('exit', listener);
      child.on('disconnect', listener);
      child.on('error', listener);
    },
  });
  const kill = () => void child.kill('SIGKILL');
  return {
    port: host,
    editor,
    kill,
    end() {
      if (child.connected) child.disconnect();
      setTimeout(kill, endsWithinMs).unref();
    },
    onExit: (listener) => void exit.then((how) => listener(...how)),
  };
}

/** The Node that runs us, if it is new enough for the engine (stripping types, better-sqlite3), otherwise the one of the `node` package. */
export function nodeBinary(): string {
  if (!process.versions['electron'] && Number(process.versions.node.split('.')[0]) >= oldestNode) return process.execPath;
  const folder = dirname(createRequire(import.meta.url).resolve('node/package.json'));
  const binary = join(folder, 'bin', process.platform === 'win32' ? 'node.exe' : 'node');
  return existsSync(binary) ? binary : process.execPath;
}

/** Without the secrets in it. An Electron without a Node beside it acts as Node if told to. */
export function nodeEnvironment(binary: string): NodeJS.ProcessEnv {
  const isElectron = binary === process.execPath && process.versions['electron'] !== undefined;
  const plain = Object.entries(process.env).filter(([name]) => !isSecret(name));
  return { ...Object.fromEntries(plain), ELECTRON_RUN_AS_NODE: isElectron ? '1' : undefined };
}

function secretVariables(): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => isSecret(name)));
}

function isSecret(name: string): boolean {
  return name.startsWith('MILLRACE_SECRET_');
}

function exitReason(code: number | null, signal: string | null, words: string): string {
  if (/heap out of memory|Allocation failed|ERR_WORKER_OUT_OF_MEMORY/.test(words)) return 'it ran out of memory';
  const how = signal ? `it was ended by ${signal}` : `it ended with exit code ${code}`;
  const last = words.trim().split('\n').at(-1);
  return last ? `${how} (${last})` : how;
}
