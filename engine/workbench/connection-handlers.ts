import { MillraceError } from '../../model/problems/problem.ts';
import { own } from '../../model/text/own.ts';
import { readSecretReference } from '../../model/text/secret-reference.ts';
import { removeConnection, renameConnection, setConnection, setEnvironment } from '../document/connection-edits.ts';
import { type Connections, effectiveConnection, formatConnections } from '../document/connections.ts';
import type { Catalogue } from '../plan/catalogue.ts';
import { checkConnection } from '../plan/connections.ts';
import type { ConnectionTrials } from '../preview/connection-trials.ts';
import type { ConnectionsView } from '../protocol/messages.ts';
import type { Secrets } from '../store/secrets.ts';
import { connectionsView, stateOf } from './connection-view.ts';
import { readConnectionsFile } from './connections-file.ts';
import { stampOf, writeText } from './disk.ts';
import type { Documents } from './documents.ts';
import type { Answers } from './handlers.ts';

type ConnectionRequests =
  | 'connections.types'
  | 'connections.read'
  | 'connections.set'
  | 'connections.rename'
  | 'connections.remove'
  | 'connections.environment'
  | 'connections.test'
  | 'connections.entries'
  | 'secrets.set'
  | 'secrets.find';

export interface ConnectionHandlersOptions {
  readonly documents: Documents;
  readonly catalogue: Catalogue;
  readonly secrets: Secrets;
  readonly trials: Pick<ConnectionTrials, 'run'>;
  /** The connections of the document were changed, or are others now. */
  onChanged(documentId: string): void;
}

/** The connections beside a document, and their secrets. Only what its user trusts is written, or reaches anything. */
export function connectionHandlers({ documents, catalogue, secrets, trials, onChanged }: ConnectionHandlersOptions): Answers<ConnectionRequests> {
  const view = async (documentId: string): Promise<ConnectionsView> => {
    const { folder, environment } = documents.get(documentId);
    return connectionsView(await readConnectionsFile(folder), environment, catalogue, secrets);
  };
  const edit = async (documentId: string, stamp: string | null, change: (file: Connections) => Connections): Promise<ConnectionsView> => {
    const { folder } = documents.trusted(documentId);
    const read = await readConnectionsFile(folder);
    if (!read.ok) throw new MillraceError(read.problems[0] ?? { code: 'connection/file-invalid', message: `${read.path} cannot be read.` });
    if (read.stamp !== stamp) {
      const message = `${read.path} was changed by another program meanwhile.`;
      throw new MillraceError({ code: 'connection/file-changed', message, hint: 'Look at it as it is now, and make your change again.' });
    }
    const connections = change(read.connections);
    const text = formatConnections(connections);
    await writeText(read.path, text);
    await documents.changed(documentId, { ...read, connections, stamp: stampOf(text) });
    onChanged(documentId);
    return view(documentId);
  };
  return {
    'connections.types': () => catalogue.connectionManifests(),
    'connections.read': ({ documentId }) => view(documentId),
    'connections.set': ({ documentId, stamp, name, isNew, type, typeVersion, params, environment }) =>
      edit(documentId, stamp, (file) => {
        if (isNew && Object.hasOwn(file.connections, name)) {
          throw new MillraceError({
            code: 'connection/exists',
            message: `There is a connection "${name}" already.`,
            hint: 'Choose another name.',
            field: 'name',
          });
        }
        const before = own(file.connections, name);
        const base = environment !== null && before ? checkConnection(name, before, catalogue) : null;
        if (!before || !base || 'problem' in base) return setConnection(file, name, { type, typeVersion, params });
        // What is as everywhere else, by default too, is not written for an environment.
        const changed = Object.entries(params).filter(([param, value]) => JSON.stringify(value) !== JSON.stringify(base.planned.params[param]));
        return setConnection(file, name, { ...before, params: { ...before.params, ...Object.fromEntries(changed) } }, environment);
      }),
    'connections.rename': ({ documentId, stamp, from, to }) => edit(documentId, stamp, (file) => renameConnection(file, from, to)),
    'connections.remove': ({ documentId, stamp, name }) => edit(documentId, stamp, (file) => removeConnection(file, name)),
    'connections.environment': async ({ documentId, stamp, environment, edit: how }) => {
      if (how) await edit(documentId, stamp, (file) => setEnvironment(file, environment ?? '', how === 'add'));
      await documents.setEnvironment(documentId, how === 'remove' ? null : environment);
      onChanged(documentId);
      return view(documentId);
    },
    'connections.test': async ({ documentId, name, type, typeVersion, params, texts }, signal) => {
      documents.trusted(documentId);
      const checked = checkConnection(name, { type, typeVersion, params }, catalogue);
      if ('problem' in checked) throw new MillraceError(checked.problem);
      const [problem] = checked.problems.filter(({ severity }) => severity === 'error');
      if (problem) throw new MillraceError(problem);
      const { planned, reaches } = checked;
      const stored = planned.secrets.map(({ reference }) => reference).filter((reference) => !Object.hasOwn(texts, reference));
      const job = { connection: planned, reaches, texts: { ...(await secrets.texts(stored)), ...texts }, list: null };
      return { message: String(await trials.run(job, signal)) };
    },
    'connections.entries': async ({ documentId, connection: name, what, of }, signal) => {
      const { folder, environment } = documents.trusted(documentId);
      const stored = effectiveConnection((await readConnectionsFile(folder)).connections, name, environment);
      if (!stored) throw new MillraceError({ code: 'connection/unknown', message: `There is no connection "${name}".`, hint: 'Choose one that is there.' });
      const checked = checkConnection(name, stored, catalogue);
      if ('problem' in checked) throw new MillraceError(checked.problem);
      const { planned, reaches } = checked;
      const texts = await secrets.texts(planned.secrets.map(({ reference }) => reference));
      const found = await trials.run({ connection: planned, reaches, texts, list: { what, of } }, signal);
      return { entries: typeof found === 'string' ? [] : found };
    },
    'secrets.set': async ({ documentId, reference, text }) => {
      documents.trusted(documentId);
      await secrets.set(readSecretReference(reference)?.name ?? '', text);
      onChanged(documentId);
      return stateOf(reference, secrets);
    },
    'secrets.find': ({ reference }) => stateOf(reference, secrets),
  };
}
