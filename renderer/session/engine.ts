import type { EditorProtocol, RequestResults } from '../../engine/protocol/api.ts';
import { Client } from '../../engine/protocol/connection.ts';
import type { RunSummary } from '../../engine/protocol/messages.ts';
import type { Port } from '../../engine/protocol/port.ts';
import { protocolVersion } from '../../engine/protocol/version.ts';
import { acceptCodeProblems, collectProblems, scheduleCheck } from './checks.ts';
import { ConnectionError, connect } from './connection.ts';
import { readConnections } from './connections.ts';
import { readEngineSettings } from './settings.ts';
import { share } from './share.ts';
import { getState, setState } from './state.ts';

const retryDelaysMs = [100, 300, 1000, 2000, 5000];
const keptLogLines = 2000;
const restartNoteMs = 60_000;

/**
 * Connects to the engine and stays connected: when it ends or restarts, the status bar says so, and the document is sent to the new one.
 * `prepare` is called once, with the first engine's greeting; the function that it returns is called in the same moment in which the editor
 * becomes ready, so that no empty canvas is seen before the first document.
 */
export async function keepConnected(prepare: (hello: RequestResults['hello']) => Promise<() => void>, open: () => Promise<Port> = connect): Promise<never> {
  let first = true;
  for (let attempt = 0; ; attempt++) {
    try {
      const port = await open();
      const closed = new Promise<void>((resolve) => port.onClose(resolve));
      const client = new Client<EditorProtocol>(port);
      setState({ engineMessage: null });
      listen(client);
      const ended = closed.then(() => Promise.reject(new ConnectionError('The engine ended while it was starting.')));
      const reading = Promise.all([client.request('catalogue.read', {}), client.request('connections.types', {})]);
      const greeted = client.request('hello', { protocolVersion }).then((hello) => {
        setState({ client, hello });
        // None of these waits for another: each answer would cost a round trip.
        return Promise.all([reading, first ? prepare(hello) : null, introduceDocument(), readEngineSettings().catch(() => {})]);
      });
      const [[catalogue, connectionTypes], begin, introduced] = await Promise.race([Promise.all([greeted, reading]).then(([all]) => all), ended]);
      first = false;
      setState({ engine: 'ready', connectionTypes, catalogue: new Map(catalogue.map((manifest) => [manifest.type, manifest])) });
      begin?.();
      // A document that is opened first is checked by itself: an empty pipeline need not be checked before it.
      if (getState().documentId === introduced) scheduleCheck(0);
      void readRuns();
      attempt = 0;
      await closed;
      setState({ client: null, engine: 'restarting', engineMessage: 'The engine ended unexpectedly. It is being restarted.' });
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      setState({ client: null, engine: attempt < 3 && !first ? 'restarting' : attempt < 2 ? 'connecting' : 'lost', engineMessage: message });
    }
    await new Promise((resolve) => setTimeout(resolve, retryDelaysMs[Math.min(attempt, retryDelaysMs.length - 1)]));
  }
}

/** Gives the engine the open document, under a new id, which is returned. The editor's content stays as it is. */
async function introduceDocument(): Promise<string | null> {
  const { client, path, stamp, trusted } = getState();
  if (!client) return null;
  const known = await client.request('document.resume', { path, stamp, trusted });
  setState(known);
  void readConnections();
  return known.documentId;
}

function listen(client: Client<EditorProtocol>): void {
  client.on('run.changed', acceptRun);
  client.on('document.distrusted', ({ documentId, why }) => {
    if (documentId !== getState().documentId) return;
    setState({ trusted: false, hasMovedConnections: why === 'connections' });
    scheduleCheck(0);
  });
  client.on('connections.changed', ({ documentId }) => {
    if (documentId !== getState().documentId) return;
    void readConnections();
    scheduleCheck(0);
  });
  client.on('run.logged', ({ runId, line }) => {
    const { logs } = getState();
    setState({ logs: { ...logs, [runId]: [...(logs[runId] ?? []), line].slice(-keptLogLines) } });
  });
  client.on('code.checked', ({ documentId, problems }) => {
    if (documentId === getState().documentId) acceptCodeProblems(problems);
  });
  client.on('engine.restarted', ({ reason, node }) => {
    const title = node ? (getState().pipeline.nodes[node]?.title ?? node) : null;
    const message = title ? `The engine was restarted: ${reason} (node “${title}”)` : `The engine was restarted: ${reason}`;
    setState({ engineMessage: message });
    setTimeout(() => getState().engineMessage === message && setState({ engineMessage: null }), restartNoteMs);
    void introduceDocument().then(
      () => scheduleCheck(0),
      () => {},
    );
  });
}

/** Applies the state of a run; a newer state replaces that of the current run, others only join the list. */
export function acceptRun(run: RunSummary): void {
  const { runs, run: current, path } = getState();
  const at = runs.findIndex((other) => other.id === run.id);
  setState({ runs: at < 0 ? [run, ...runs] : runs.map((other, index) => (index === at ? run : other)) });
  // Started elsewhere, for the file that is open here, while no other run is shown.
  if (at < 0 && !current && path !== null && run.path === path && run.endedAt === null) setState({ run });
  if (current?.id !== run.id) return;
  const shared = share(current, run);
  setState({ run: shared });
  if (shared.problems !== current.problems || shared.state !== current.state) collectProblems();
}

/** A run outlives the window that started it: `wanted`, or one in progress for this file, becomes the current one. */
export async function readRuns(wanted?: string): Promise<void> {
  const { client } = getState();
  if (!client) return;
  const runs = await client.request('run.list', {}).catch(() => []);
  const { path, run } = getState();
  const id = wanted ?? run?.id;
  const known = runs.find((other) => other.id === id);
  const going = runs.find((other) => path !== null && other.path === path && other.endedAt === null);
  setState({ runs, run: known ?? run ?? going ?? null });
  const shown = getState().run;
  if (shown && !getState().logs[shown.id]) {
    const lines = await client.request('run.logs', { runId: shown.id }).catch(() => []);
    setState({ logs: { ...getState().logs, [shown.id]: lines } });
  }
  collectProblems();
}
