/** The connections of a pipeline's nodes: looked up in the file beside it, as they are in the environment that was chosen. */
import type { ConnectionDefinition } from '@millrace/kit/connection';
import type { Fields } from '@millrace/kit/fields';
import type { NodeDefinition, NodeProblem } from '@millrace/kit/node';
import { isShown, type Params, validateParams } from '@millrace/kit/params';
import type { ProblemCode } from '../../model/problems/codes/index.ts';
import type { Problem } from '../../model/problems/problem.ts';
import { didYouMean } from '../../model/text/closest.ts';
import { nameList } from '../../model/text/name-list.ts';
import { own } from '../../model/text/own.ts';
import { describeReach } from '../../model/text/reach.ts';
import { describeReference, readSecretReference } from '../../model/text/secret-reference.ts';
import type { Json } from '../../model/values/types.ts';
import { type Connections, connectionsFileName, effectiveConnection, noConnections, type StoredConnection } from '../document/connections.ts';
import type { PhysicalPlan, PlannedConnection, SecretTexts, SecretUse } from '../protocol/physical-plan.ts';
import type { Catalogue } from './catalogue.ts';
import { migrateParams } from './migrate.ts';

/** Whether a secret can be had on this machine: `sealed` means that only the desktop app can read it. */
export type SecretState = 'known' | 'sealed';

/** What there is beside a pipeline. Plain data, without the text of any secret. */
export interface KnownConnections {
  readonly file: Connections;
  /** What is wrong with the file. */
  readonly problems: readonly Problem[];
  /** Null: none was chosen. */
  readonly environment: string | null;
  /** By reference; absent for those that are not there. */
  readonly secrets: { readonly [reference: string]: SecretState };
}

export const nothingKnown: KnownConnections = { file: noConnections, problems: [], environment: null, secrets: {} };

/** A connection with its params complete and checked. */
export interface CheckedConnection {
  readonly planned: PlannedConnection;
  readonly definition: ConnectionDefinition;
  /** Fields of the kind `secret` are empty: for all that is shown. */
  readonly shown: Params;
  readonly reaches: readonly string[];
  /** With `field`: the param of the connection. */
  readonly problems: readonly NodeProblem[];
}

/** Null for a type that is not known here, or of a newer version. */
export function checkConnection(name: string, stored: StoredConnection, catalogue: Catalogue): CheckedConnection | { readonly problem: NodeProblem } {
  const definition = catalogue.connection(stored.type);
  if (!definition) {
    const message = `There is no type of connections "${stored.type}"${didYouMean(stored.type, catalogue.connectionTypes())}`;
    return { problem: error('connection/unknown-type', message, 'It is kept as it is. Update Millrace, or delete it.') };
  }
  const migrated = migrateParams(definition, stored);
  if (!migrated.ok) {
    const code = migrated.problem.code === 'node/too-new' ? 'connection/too-new' : 'connection/migration-failed';
    const hint = code === 'connection/too-new' ? 'Open it with a newer Millrace.' : 'Delete the connection and make it again.';
    return { problem: { ...migrated.problem, code, hint } };
  }
  const { params, problems } = validateParams(definition.params, migrated.params, {});
  const shown = withoutSecrets(definition.params, params);
  const secrets = secretsIn(definition.params, params);
  return { planned: { name, type: stored.type, params, secrets }, definition, shown, reaches: reachesOf(definition, shown), problems };
}

function reachesOf(definition: ConnectionDefinition, shown: Params): readonly string[] {
  try {
    return definition.reaches(shown);
  } catch {
    return [];
  }
}

/** The name of the field of a node that names a connection, with the type that it wants. */
export function connectionField({ params }: Pick<NodeDefinition, 'params'>): { readonly name: string; readonly type: string } | null {
  for (const [name, field] of Object.entries(params as Fields)) if (field.kind === 'connection') return { name, type: field.type };
  return null;
}

export interface FoundConnection {
  readonly connection: CheckedConnection | null;
  /** Where it leads in other environments, in words. */
  readonly elsewhere: readonly string[];
  readonly problems: readonly NodeProblem[];
}

/** The connection that a node names, as of its (complete) params. */
export function findConnection(definition: NodeDefinition, params: Params, known: KnownConnections, catalogue: Catalogue): FoundConnection {
  const field = connectionField(definition);
  const name = field && params[field.name];
  if (!field || typeof name !== 'string' || name === '' || !isShown(definition.params, field.name, params))
    return { connection: null, elsewhere: [], problems: [] };
  const at = (problem: NodeProblem) => ({ connection: null, elsewhere: [], problems: [{ ...problem, field: field.name }] });
  const { file, environment } = known;
  const stored = effectiveConnection(file, name, environment);
  const unreadable = known.problems.find(({ field }) => field === undefined);
  if (!stored && unreadable) return at({ ...unreadable, severity: 'error' });
  if (!stored) {
    const names = Object.keys(file.connections).filter((each) => file.connections[each]?.type === field.type);
    const hint = names.length > 0 ? `Choose one that is there: ${nameList(names)}.` : `Make one of that name: ${connectionsFileName} has none of this type.`;
    return at(error('connection/unknown', `There is no connection "${name}"${didYouMean(name, Object.keys(file.connections))}`, hint));
  }
  if (stored.type !== field.type) {
    const title = (type: string) => catalogue.connection(type)?.title ?? type;
    const message = `The connection "${name}" leads to ${title(stored.type)}, and this node needs one to ${title(field.type)}`;
    return at(error('connection/wrong-type', message, 'Choose another connection, or make one.'));
  }
  const checked = checkConnection(name, stored, catalogue);
  if ('problem' in checked) return at({ ...checked.problem, message: `The connection "${name}": ${lowerFirst(checked.problem.message)}` });
  const problems = checked.problems.map(({ code, severity, message, hint }): NodeProblem => {
    const own: ProblemCode = code === 'secret/written' ? code : 'connection/invalid';
    return { code: own, severity, message: `The connection "${name}": ${message}`, field: field.name, ...(hint !== undefined && { hint }) };
  });
  return { connection: checked, elsewhere: reachedElsewhere(name, checked, known, catalogue), problems };
}

/** Trust holds in every environment: so what it lets a pipeline reach is told of all of them. */
function reachedElsewhere(name: string, { reaches }: CheckedConnection, { file, environment }: KnownConnections, catalogue: Catalogue): string[] {
  const others = [null, ...Object.keys(file.environments)].filter((each) => each !== environment);
  return others.flatMap((each) => {
    const stored = effectiveConnection(file, name, each);
    const checked = stored && checkConnection(name, stored, catalogue);
    if (!checked || 'problem' in checked) return [];
    const further = checked.reaches.filter((address) => !reaches.includes(address));
    return further.map((address) => `${describeReach(address)} (${each === null ? 'without an environment' : `in the environment ${each}`})`);
  });
}

/** The secrets that are not there, each at the field that needs it. `severity`: a run needs them, an edit does not yet. */
export function missingSecrets(
  uses: readonly SecretUse[],
  known: KnownConnections,
  severity: 'error' | 'warning',
  fieldOf: (use: SecretUse) => string,
): NodeProblem[] {
  return uses.flatMap((use): NodeProblem[] => {
    const state = own(known.secrets, use.reference);
    if (state === 'known') return [];
    const reference = readSecretReference(use.reference);
    const name = reference?.name ?? '';
    const what = describeReference(use.reference);
    const field = fieldOf(use);
    if (state === 'sealed') {
      const hint = `Set it for here with "millrace secrets set ${name}", or in the environment.`;
      return [{ code: 'secret/sealed', severity, message: `${upperFirst(what)} was sealed by the desktop app, and only that can read it`, hint, field }];
    }
    const hint = reference?.from === 'environment' ? 'Set it before Millrace is started.' : `Enter it in the form, or run "millrace secrets set ${name}".`;
    return [{ code: 'secret/missing', severity, message: `${upperFirst(what)} is not there on this machine`, hint, field }];
  });
}

/** Where params hold references to secrets, hidden fields left out. */
export function secretsIn(fields: Fields, params: Params, path = ''): SecretUse[] {
  return Object.entries(fields).flatMap(([name, field]): SecretUse[] => {
    const value = params[name];
    const at = path === '' ? name : `${path}.${name}`;
    if (!isShown(fields, name, params)) return [];
    if (field.kind === 'secret' && typeof value === 'string' && readSecretReference(value)) return [{ field: at, reference: value }];
    if (field.kind === 'list' && Array.isArray(value))
      return value.flatMap((item: Json, i) => (isObject(item) ? secretsIn(field.item, item, `${at}.${i}`) : []));
    return [];
  });
}

/** The params with the texts of their secrets: for the process that carries a node out, which keeps them in its memory alone. */
export function withSecrets(params: Params, uses: readonly SecretUse[], texts: SecretTexts): Params {
  return uses.reduce<Params>((all, { field, reference }) => {
    const text = own(texts, reference);
    return text === undefined ? all : (withValue(all, field.split('.'), text) as Params);
  }, params);
}

function withValue(value: Json, [name, ...rest]: readonly string[], text: string): Json {
  if (name === undefined) return text;
  if (Array.isArray(value)) return value.map((item: Json, i) => (String(i) === name ? withValue(item, rest, text) : item));
  return isObject(value) ? { ...value, [name]: withValue(value[name] ?? null, rest, text) } : value;
}

function withoutSecrets(fields: Fields, params: Params): Params {
  return Object.fromEntries(
    Object.entries(params).map(([name, value]) => {
      const field = own(fields, name);
      if (field?.kind === 'secret') return [name, value === null ? null : ''];
      if (field?.kind === 'list' && Array.isArray(value)) return [name, value.map((item: Json) => (isObject(item) ? withoutSecrets(field.item, item) : item))];
      return [name, value];
    }),
  );
}

/** The references of all secrets that a plan needs. */
export function referencesOf({ nodes }: Pick<PhysicalPlan, 'nodes'>): string[] {
  const uses = nodes.flatMap(({ secrets = [], connection }) => [...secrets, ...(connection?.secrets ?? [])]);
  return [...new Set(uses.map(({ reference }) => reference))];
}

/** All that a plan may connect to. */
export function reachedBy({ nodes }: Pick<PhysicalPlan, 'nodes'>): string[] {
  return [...new Set(nodes.flatMap(({ reaches = [] }) => reaches))];
}

function error(code: ProblemCode, message: string, hint: string): NodeProblem {
  return { code, severity: 'error', message, hint };
}

function lowerFirst(text: string): string {
  return `${text.slice(0, 1).toLowerCase()}${text.slice(1)}`;
}

function upperFirst(text: string): string {
  return `${text.slice(0, 1).toUpperCase()}${text.slice(1)}`;
}

function isObject(value: Json | undefined): value is Params {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
