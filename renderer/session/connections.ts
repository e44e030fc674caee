/** The connections beside the open document, as the engine tells of them. */
import type { RequestParams } from '../../engine/protocol/api.ts';
import type { ConnectionsView } from '../../engine/protocol/messages.ts';
import { scheduleCheck } from './checks.ts';
import { getState, setState } from './state.ts';

/** Asks for them again. Nothing changes where the engine cannot be asked. */
export async function readConnections(): Promise<void> {
  const { client, documentId } = getState();
  if (!client || !documentId) return;
  const connections = await client.request('connections.read', { documentId }).catch(() => null);
  if (connections && getState().documentId === documentId) setState({ connections });
}

type Edit = 'connections.set' | 'connections.rename' | 'connections.remove' | 'connections.environment';
type Asked<K extends Edit> = Omit<RequestParams<K>, 'documentId' | 'stamp'>;

/** Changes them; what depends on them is checked again. Rejects with a MillraceError. */
export async function editConnections<K extends Edit>(name: K, asked: Asked<K>): Promise<ConnectionsView> {
  const { client, documentId, connections } = getState();
  if (!client || !documentId) throw new Error('The engine is not running.');
  const params: object = { ...asked, documentId, stamp: connections?.stamp ?? null };
  const view = await client.request(name, params as RequestParams<K>);
  if (getState().documentId === documentId) setState({ connections: view });
  scheduleCheck(0);
  return view;
}
