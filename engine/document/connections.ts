/**
 * Connections as they lie beside the pipelines of a folder, in `connections.millrace.json`: made for git, without secrets. The file is
 * read totally: what is wrong in it, or not known here, is reported and kept as it is.
 */
import type { ProblemCode } from '../../model/problems/codes/index.ts';
import type { Problem } from '../../model/problems/problem.ts';
import { own } from '../../model/text/own.ts';
import { isTooDeep } from '../../model/values/json-depth.ts';
import type { Json } from '../../model/values/types.ts';

export const connectionsFileName = 'connections.millrace.json';
export const connectionsFormat = 'millrace/connections';
const newestVersion = 1;
const deepestFile = 100;

/** Of a connection or an environment. */
export const connectionName = /^[A-Za-z][A-Za-z0-9 ._-]{0,63}$/;

type Params = { readonly [name: string]: Json };
type JsonObject = { readonly [key: string]: Json };

export interface StoredConnection {
  readonly type: string;
  readonly typeVersion: number;
  /** Fields of the kind `secret` hold references. Only what differs from the defaults need be here. */
  readonly params: Params;
}
export interface Connections {
  readonly connections: { readonly [name: string]: StoredConnection };
  /** By environment and connection: params that take the place of the connection's own. */
  readonly environments: { readonly [environment: string]: { readonly [name: string]: { readonly params: Params } } };
  /** All of the file, with what is not understood. */
  readonly document: JsonObject;
}

export type ReadConnections =
  | { readonly ok: true; readonly connections: Connections; readonly problems: readonly Problem[] }
  /** It cannot be read at all, and must not be written over. */
  | { readonly ok: false; readonly connections: Connections; readonly problems: readonly Problem[] };

export const noConnections: Connections = { connections: {}, environments: {}, document: { format: connectionsFormat, formatVersion: newestVersion } };

/** Never throws. An empty text is a file without connections. */
export function parseConnections(text: string): ReadConnections {
  if (text.trim() === '') return { ok: true, connections: noConnections, problems: [] };
  const refuse = (code: ProblemCode, message: string, hint: string): ReadConnections => ({
    ok: false,
    connections: noConnections,
    problems: [problem(code, message, hint)],
  });
  const restore = 'Fix it in a text editor, or restore it from a copy: it is not changed here.';
  if (isTooDeep(text, deepestFile)) return refuse('connection/file-invalid', `${connectionsFileName} nests lists or objects too deep.`, restore);
  let document: Json;
  try {
    document = JSON.parse(text.replace(/^\uFEFF/, '')) as Json;
  } catch (error) {
    // The parser's message repeats what stands there, which may be a password.
    const at = /position (\d+)/.exec((error as Error).message)?.[1];
    const line = text.slice(0, at === undefined ? text.length : Number(at)).split('\n').length;
    return refuse('connection/file-invalid', `${connectionsFileName} is not valid JSON in line ${line}.`, restore);
  }
  if (!isObject(document) || document['format'] !== connectionsFormat) {
    return refuse('connection/file-invalid', `${connectionsFileName} is no file of connections: "format" is not "${connectionsFormat}".`, restore);
  }
  const version = document['formatVersion'];
  if (typeof version === 'number' && version > newestVersion) {
    return refuse(
      'connection/file-too-new',
      `${connectionsFileName} has format version ${version}; this Millrace reads up to ${newestVersion}.`,
      'Update Millrace.',
    );
  }
  return { ok: true, ...readDocument(document) };
}

/** What a file says, and what of it is not understood. */
export function readDocument(document: JsonObject): { readonly connections: Connections; readonly problems: readonly Problem[] } {
  const problems: Problem[] = [];
  const invalid = (where: string, what: string) =>
    problems.push(problem('connection/file-invalid', `"${where}" in ${connectionsFileName} ${what}.`, 'It is left as it is. Fix it in a text editor.', where));
  const connections: { [name: string]: StoredConnection } = {};
  const environments: { [environment: string]: { [name: string]: { params: Params } } } = {};
  const entries = (value: Json | undefined, where: string): readonly (readonly [string, JsonObject])[] => {
    if (value === undefined) return [];
    if (!isObject(value)) {
      invalid(where, 'must be an object');
      return [];
    }
    return Object.entries(value).flatMap(([name, entry]) => {
      if (!connectionName.test(name)) invalid(`${where}.${name}`, 'cannot have this name');
      else if (!isObject(entry)) invalid(`${where}.${name}`, 'must be an object');
      else return [[name, entry] as const];
      return [];
    });
  };
  const paramsOf = (entry: JsonObject, where: string): Params | null => {
    const params = entry['params'] ?? {};
    if (isObject(params)) return params;
    invalid(`${where}.params`, 'must be an object');
    return null;
  };
  for (const [name, entry] of entries(document['connections'], 'connections')) {
    const { type, typeVersion = 1 } = entry;
    const params = paramsOf(entry, `connections.${name}`);
    if (typeof type !== 'string') invalid(`connections.${name}.type`, 'must be a text');
    else if (typeof typeVersion !== 'number' || !Number.isInteger(typeVersion) || typeVersion < 1)
      invalid(`connections.${name}.typeVersion`, 'must be a whole number from 1 on');
    else if (params) connections[name] = { type, typeVersion, params };
  }
  for (const [environment, overlays] of entries(document['environments'], 'environments')) {
    const known: { [name: string]: { params: Params } } = {};
    for (const [name, entry] of entries(overlays, `environments.${environment}`)) {
      const params = paramsOf(entry, `environments.${environment}.${name}`);
      if (params) known[name] = { params };
    }
    environments[environment] = known;
  }
  return { connections: { connections, environments, document }, problems };
}

/** The text of the file: names in the order of the alphabet, so that two people's additions meet in a diff only where they are about one connection. */
export function formatConnections({ document }: Connections): string {
  const { format: _, formatVersion: __, connections, environments, ...rest } = document;
  const text = {
    format: connectionsFormat,
    formatVersion: newestVersion,
    connections: byName(connections ?? {}, (entry) => inOrder(entry, ['type', 'typeVersion', 'params'])),
    ...(environments !== undefined && !isEmpty(environments) && { environments: byName(environments, (overlays) => byName(overlays, (entry) => entry)) }),
    ...(byName(rest, (value) => value) as JsonObject),
  };
  return `${JSON.stringify(text, null, 2)}\n`;
}

/** A connection as it is in an environment (null: in none). Undefined where there is none of that name. */
export function effectiveConnection({ connections, environments }: Connections, name: string, environment: string | null): StoredConnection | undefined {
  const found = own(connections, name);
  const overlay = environment === null ? undefined : own(own(environments, environment) ?? {}, name);
  return found && overlay ? { ...found, params: { ...found.params, ...overlay.params } } : found;
}

function byName(value: Json, each: (entry: Json) => Json): Json {
  if (!isObject(value)) return value;
  const sorted = Object.keys(value).sort((a, b) => (a < b ? -1 : 1));
  return Object.fromEntries(sorted.map((name) => [name, each(value[name] ?? null)]));
}

function inOrder(value: Json, first: readonly string[]): Json {
  if (!isObject(value)) return value;
  const known = first.flatMap((key) => (value[key] === undefined ? [] : [[key, value[key]] as const]));
  return { ...Object.fromEntries(known), ...Object.fromEntries(Object.entries(value).filter(([key]) => !first.includes(key))) };
}

function isEmpty(value: Json): boolean {
  return isObject(value) && Object.keys(value).length === 0;
}

function problem(code: ProblemCode, message: string, hint: string, field?: string): Problem {
  return { code, severity: 'error', message, hint, ...(field !== undefined && { field }) };
}

function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
