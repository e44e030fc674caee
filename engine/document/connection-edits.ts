/** Every change of a file of connections, as a pure function. What the file holds besides stays as it is. */
import { MillraceError } from '../../model/problems/problem.ts';
import { own } from '../../model/text/own.ts';
import type { Json } from '../../model/values/types.ts';
import { type Connections, connectionName, readDocument, type StoredConnection } from './connections.ts';

type Params = StoredConnection['params'];
type Entries = { readonly [name: string]: Json };

/** Adds a connection or changes it. With an environment, its params are that environment's alone: those that differ from the connection's own. */
export function setConnection(file: Connections, name: string, connection: StoredConnection, environment: string | null = null): Connections {
  refuseName(name);
  const before = own(file.connections, name);
  if (environment === null || !before) return withEntry(file, 'connections', name, { ...entryOf(file, 'connections', name), ...connection });
  refuseName(environment);
  const differing = Object.entries(connection.params).filter(([param, value]) => JSON.stringify(value) !== JSON.stringify(own(before.params, param)));
  const overlays = entryOf(file, 'environments', environment);
  const { [name]: old, ...others } = overlays;
  const overlay = { ...(old as Entries | undefined), params: Object.fromEntries(differing) };
  return withEntry(file, 'environments', environment, differing.length > 0 ? { ...others, [name]: overlay } : others);
}

/** Throws `connection/exists` where another one has the new name. */
export function renameConnection(file: Connections, from: string, to: string): Connections {
  refuseName(to);
  if (from === to || !own(file.connections, from)) return file;
  if (own(entriesOf(file, 'connections'), to) !== undefined) {
    throw new MillraceError({ code: 'connection/exists', message: `There is a connection "${to}" already.`, hint: 'Choose another name.' });
  }
  return inAll(file, (entries) => renamed(entries, from, to));
}

/** Takes it away, from all environments too. */
export function removeConnection(file: Connections, name: string): Connections {
  return inAll(file, ({ [name]: _, ...others }) => others);
}

/** Adds an environment in which everything is as outside of it, or (null) takes one away. */
export function setEnvironment(file: Connections, environment: string, exists: boolean): Connections {
  refuseName(environment);
  if (exists) return own(entriesOf(file, 'environments'), environment) === undefined ? withEntry(file, 'environments', environment, {}) : file;
  const { [environment]: _, ...others } = entriesOf(file, 'environments');
  return readDocument({ ...file.document, environments: others }).connections;
}

/** A name that is not taken: `warehouse`, `warehouse 2`. */
export function freeConnectionName(file: Connections, wanted: string): string {
  const taken = entriesOf(file, 'connections');
  for (let number = 1; ; number++) {
    const name = number === 1 ? wanted : `${wanted} ${number}`;
    if (!Object.hasOwn(taken, name)) return name;
  }
}

function refuseName(name: string): void {
  if (connectionName.test(name)) return;
  const hint = 'Begin with a letter; letters, digits, spaces and . _ - may follow, 64 at most.';
  throw new MillraceError({ code: 'connection/name', message: 'It cannot have this name.', hint, field: 'name' });
}

/** In the connections, and in those of each environment. */
function inAll(file: Connections, change: (entries: Entries) => Entries): Connections {
  const { environments } = file.document;
  const document = { ...file.document, connections: change(entriesOf(file, 'connections')) };
  if (environments === undefined) return readDocument(document).connections;
  const changed = Object.entries(entriesOf(file, 'environments')).map(([name, entries]) => [name, isEntries(entries) ? change(entries) : entries]);
  return readDocument({ ...document, environments: Object.fromEntries(changed) }).connections;
}

function renamed(entries: Entries, from: string, to: string): Entries {
  return Object.fromEntries(Object.entries(entries).map(([name, entry]) => [name === from ? to : name, entry]));
}

function withEntry(file: Connections, part: 'connections' | 'environments', name: string, entry: Json): Connections {
  return readDocument({ ...file.document, [part]: { ...entriesOf(file, part), [name]: entry } }).connections;
}

function entryOf(file: Connections, part: 'connections' | 'environments', name: string): Entries {
  const entry = own(entriesOf(file, part), name);
  return isEntries(entry) ? entry : {};
}

function entriesOf({ document }: Connections, part: 'connections' | 'environments'): Entries {
  const entries = document[part];
  return isEntries(entries) ? entries : {};
}

function isEntries(value: Json | undefined): value is Params {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
