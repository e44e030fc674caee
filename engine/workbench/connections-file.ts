/** Connections beside pipelines, on this machine's disk, with what is known of their secrets. */
import { join } from 'node:path';
import { MillraceError, type Problem } from '../../model/problems/problem.ts';
import { didYouMean } from '../../model/text/closest.ts';
import { nameList } from '../../model/text/name-list.ts';
import { own } from '../../model/text/own.ts';
import { type Connections, connectionsFileName, noConnections, parseConnections } from '../document/connections.ts';
import { type KnownConnections, referencesOf } from '../plan/connections.ts';
import { problemOf } from '../protocol/connection.ts';
import type { PhysicalPlan, SecretTexts } from '../protocol/physical-plan.ts';
import type { Secrets } from '../store/secrets.ts';
import { readText } from './disk.ts';
import type { Place } from './found-sources.ts';

export interface ReadFile {
  readonly path: string;
  readonly connections: Connections;
  readonly problems: readonly Problem[];
  /** Of its content; null where there is no file. */
  readonly stamp: string | null;
  /** It can be read, so that it may be written. */
  readonly ok: boolean;
}

/** Never rejects: what is wrong is among the problems. */
export async function readConnectionsFile(folder: string): Promise<ReadFile> {
  const path = join(folder, connectionsFileName);
  try {
    const { text, stamp } = await readText(path);
    return { path, stamp, ...parseConnections(text) };
  } catch (error) {
    if (!(error instanceof MillraceError)) throw error;
    if (error.problem.code === 'file/missing') return { path, connections: noConnections, problems: [], stamp: null, ok: true };
    return { path, connections: noConnections, problems: [{ ...error.problem, code: 'connection/file-invalid' }], stamp: null, ok: false };
  }
}

/** What a check is told of connections and secrets. Never rejects. */
export async function knownConnections({ folder, environment = null }: Place, secrets: Secrets): Promise<KnownConnections> {
  const { connections, problems } = await readConnectionsFile(folder);
  try {
    const states = secrets.references().map(({ reference, isReadable }) => [reference, isReadable ? ('known' as const) : ('sealed' as const)]);
    return { file: connections, problems, environment, secrets: Object.fromEntries(states) };
  } catch (error) {
    return { file: connections, problems: [...problems, problemOf(error)], environment, secrets: {} };
  }
}

/** Throws `connection/environment` for one that the file does not have. */
export function refuseUnknownEnvironment({ environments }: Connections, environment: string | null): void {
  if (environment === null || own(environments, environment)) return;
  const names = Object.keys(environments);
  const message = `${connectionsFileName} has no environment "${environment}"${didYouMean(environment, names)}`;
  const hint = names.length > 0 ? `Its environments are ${nameList(names)}.` : 'It has none.';
  throw new MillraceError({ code: 'connection/environment', message, hint });
}

/** What a run is given of secrets: nothing where it needs none. */
export async function secretsFor(plan: Pick<PhysicalPlan, 'nodes'>, secrets: Secrets): Promise<{ readonly secrets?: SecretTexts }> {
  const references = referencesOf(plan);
  return references.length > 0 ? { secrets: await secrets.texts(references) } : {};
}
