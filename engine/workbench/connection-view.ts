/** Connections as an editor shows them. */

import { own } from '../../model/text/own.ts';
import { describeReference } from '../../model/text/secret-reference.ts';
import { effectiveConnection, type StoredConnection } from '../document/connections.ts';
import type { Catalogue } from '../plan/catalogue.ts';
import { checkConnection, secretsIn } from '../plan/connections.ts';
import { problemOf } from '../protocol/connection.ts';
import type { ConnectionsView, ShownConnection, ShownSecret } from '../protocol/messages.ts';
import type { Secrets } from '../store/secrets.ts';
import type { ReadFile } from './connections-file.ts';

/** As they are in an environment. Without the text of any secret, also of those that are written where their names belong. */
export function connectionsView(
  { path, connections, problems, stamp, ok }: ReadFile,
  environment: string | null,
  catalogue: Catalogue,
  secrets: Secrets,
): ConnectionsView {
  const names = Object.keys(connections.connections).sort((a, b) => a.localeCompare(b, 'en'));
  const environments = Object.keys(connections.environments).sort();
  const chosen = environment !== null && environments.includes(environment) ? environment : null;
  const shown = names.flatMap((name) => {
    const stored = effectiveConnection(connections, name, chosen);
    const overlay = chosen === null ? undefined : own(own(connections.environments, chosen) ?? {}, name);
    return stored ? [{ ...show(name, stored, catalogue, secrets), ownParams: Object.keys(overlay?.params ?? {}) }] : [];
  });
  return { path, stamp, writable: ok, problems, environments, environment: chosen, connections: shown };
}

function show(name: string, stored: StoredConnection, catalogue: Catalogue, secrets: Secrets): Omit<ShownConnection, 'ownParams'> {
  const checked = checkConnection(name, stored, catalogue);
  if ('problem' in checked) return { name, type: stored.type, known: false, params: {}, card: '', reaches: [], secrets: [], problems: [checked.problem] };
  const { planned, definition, shown, reaches, problems } = checked;
  return {
    name,
    type: stored.type,
    known: true,
    params: planned.params,
    card: cardOf(() => definition.card(shown)),
    reaches,
    secrets: secretsIn(definition.params, planned.params).map(({ field, reference }) => ({ field, ...stateOf(reference, secrets) })),
    problems,
  };
}

export function stateOf(reference: string, secrets: Secrets): Omit<ShownSecret, 'field'> {
  const title = describeReference(reference);
  try {
    const found = secrets.find(reference);
    if (!found) return { reference, title, state: 'missing' };
    return { reference, title, state: found.isReadable ? found.where : 'locked' };
  } catch (error) {
    return { reference, title, state: 'missing', problem: problemOf(error) };
  }
}

function cardOf(card: () => string): string {
  try {
    return card();
  } catch {
    return '';
  }
}
