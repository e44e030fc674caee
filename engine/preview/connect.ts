/** Trying a connection, and listing what it leads to, in the process that does it. */
import type { ConnectionDefinition } from '@millrace/kit/connection';
import { withSecrets } from '../plan/connections.ts';
import type { PlannedConnection, SecretTexts } from '../protocol/physical-plan.ts';

/** What goes by its signal ends before it has to be killed. */
const softLimitMs = 15_000;

export interface ConnectJob {
  readonly connection: PlannedConnection;
  readonly reaches: readonly string[];
  readonly texts: SecretTexts;
  /** Null: only whether it works is wanted. */
  readonly list: { readonly what: string; readonly of: PlannedConnection['params'] } | null;
}
export type Connected = string | readonly { readonly name: string; readonly detail?: string }[];

/** What `test` says, or the entries. Rejects with what the other side says. */
export async function connectTo(definition: ConnectionDefinition, { connection, texts, list }: ConnectJob): Promise<Connected> {
  const context = { params: withSecrets(connection.params, connection.secrets, texts), signal: AbortSignal.timeout(softLimitMs) };
  return list ? ((await definition.entries?.(list.what, list.of, context)) ?? []) : definition.test(context);
}
